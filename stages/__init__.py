"""The stages a recipe can name, one family per file; kernels live in `stages.kernels`."""
