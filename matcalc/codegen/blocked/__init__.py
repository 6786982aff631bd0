"""Code that goes over the data once, a block of rows at a time: forward and backward while the block is in cache."""
