"""Reading dissected checkpoints, also those of strangers, without what training needs."""

from rivalry.export.loading.checkpoint import DissectedCheckpoint as DissectedCheckpoint
