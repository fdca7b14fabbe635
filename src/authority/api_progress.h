// The answer to a long call: progress line by line, then the result or the problem (docs/api.md).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/ledger.h"
#include "base/error.h"
#include "http/blocking_pool.h"
#include "http/message.h"
#include "net/socket.h"

namespace symbolon::authority {

// Blocks; reports; its text is the JSON of the result.
using LongCall = std::function<Result<std::string>(const std::function<void(const api::Progress&)>&)>;

// Runs `call` on the pool, whatever becomes of the connection. A failure before the first line of progress is not
// distinguished: the status is 200 and the last line says how it ended. Fails with overloaded.
net::Task<Result<http::Response>> answer_with_progress(http::BlockingPool& pool, LongCall call);

}  // namespace symbolon::authority
