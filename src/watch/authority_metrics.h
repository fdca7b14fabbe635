// The figures of an authority, asked over its Unix socket: the same whether it runs in this process or another.
#pragma once

#include <optional>

#include "api/authority_info.h"
#include "base/file.h"
#include "base/metrics.h"

namespace symbolon::watch {

// Adds symbolon_authority_up 0 and nothing else when the authority gave no answer. Pure.
void add_authority_metrics(Families& families, const std::optional<api::StatusInfo>& status);

// What it says now; none: it does not answer within two seconds.
std::optional<api::StatusInfo> ask_authority(const Path& socket);

}  // namespace symbolon::watch
