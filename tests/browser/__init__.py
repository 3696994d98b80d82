"""What a reader of the site sees and does, in a real browser."""
