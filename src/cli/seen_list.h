// `symbolon list --seen`: whom the gateway has seen.
#pragma once

#include "api/gateway_info.h"
#include "cli/session.h"

namespace symbolon::cli {

enum class Pages : std::uint8_t { one, all };

// Asks the gateway that runs here, else reads what one has left behind.
Status list_seen(api::SeenQuery query, Pages pages, const Session& session);

}  // namespace symbolon::cli
