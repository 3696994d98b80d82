"""Training: Lightning and Weights & Biases live here, and nowhere below.

Read in this order: ``settings`` (what a user chooses), ``classifier`` (the LightningModule), ``evaluation``,
``analysis_callback`` (when the analyses listen), ``command_line`` and ``analyze`` (the commands).
"""
