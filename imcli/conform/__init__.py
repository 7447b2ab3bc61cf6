"""Floor 3: can a profile explain what was recorded from a real server?"""
