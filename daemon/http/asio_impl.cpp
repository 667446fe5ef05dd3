// The one translation unit that holds Asio's and Beast's function bodies, so that no other file
// compiles them again.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
