"""A Dask cluster as an executor: jobs travel to its workers, and come back as outcomes."""
