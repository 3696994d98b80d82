"""Records that no network has left: of every kind, of any size, with the columns that the analyses write."""
