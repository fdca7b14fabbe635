#include "http/byte_stream.h"

#include "http/stream_of.h"

namespace symbolon::http {

std::unique_ptr<ByteStream> make_stream(net::Socket socket) {
  return std::make_unique<StreamOf<net::Socket>>(std::move(socket));
}

}  // namespace symbolon::http
