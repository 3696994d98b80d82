"""What a prototype is for: targets and their values, which are maximised, and penalties, which an image pays."""
