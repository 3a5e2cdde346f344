"""The applications of notebook 04: what retrieval is used for, one small module each."""
