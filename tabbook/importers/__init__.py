"""Other books' ways in: each importer turns a project of another tool into one of ours."""
