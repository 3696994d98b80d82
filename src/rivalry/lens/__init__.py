"""What people look at: figures (and later a site) made from records alone, never from a model."""
