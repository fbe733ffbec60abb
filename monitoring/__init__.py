"""What people use: the Python API of the guide and the command line. Importing this package imports nothing else."""
