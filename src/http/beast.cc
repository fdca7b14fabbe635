// Beast, compiled once; used by wire_parser.cc only.
#include <boost/beast/src.hpp>
