"""One file per row of the matrix, named after its number."""
