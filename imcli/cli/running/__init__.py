"""What runs and reads scenario files and recordings: files in, reports out."""
