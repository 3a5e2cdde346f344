"""The package that the notebooks of *Retrieve or Tune* share: one small module for each idea."""
