// Asio, compiled once; the precompiled header of the folders with I/O is built with this file.
#include <boost/asio/impl/src.hpp>
