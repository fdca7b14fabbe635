// The precompiled header of the folders without I/O is built with this file.
