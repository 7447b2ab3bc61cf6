"""Reports: each one a fold over run events, into text that somebody reads or stores."""
