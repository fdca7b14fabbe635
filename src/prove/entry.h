// Was a client let in? Decided from what a connection showed; only application data that answers proves it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tls/misuse_client.h"

namespace symbolon::prove {

// What a connection's application data say, where they are an answer of HTTP/1.x.
struct HttpAnswer {
  int status = 0;
  std::string body;
};
std::optional<HttpAnswer> read_http(std::string_view data);

enum class Entry : std::uint8_t {
  let_in,         // application data answered
  refused_alert,  // a fatal alert came, and no answer
  refused_http,   // HTTP answered, and said no
  cut,            // the connection ended without a word
  silent,         // after Finished nothing came
  late,           // the handshake did not end in time
  broken,         // our library could not go on: no alert, and no end of theirs
  unreachable,    // no connection
};

enum class Ask : std::uint8_t { http, text };

// Total.
Entry classify(const tls::MisuseResult& seen, Ask ask);
bool is_refused(Entry entry);  // by whichever way

// "alert certificate_expired (45)", "HTTP 403", "the connection ended without a word", ... What a server sent never
// stands there.
std::string describe(const tls::MisuseResult& seen, Entry entry);

}  // namespace symbolon::prove
