// The log: JSON lines on standard error, through a bounded asynchronous queue; what does not fit is counted.
//
// Records of connections do not pass here (see gateway/record.h); this is for operators: started, reloaded, warned.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace symbolon {

enum class LogLevel : std::uint8_t { debug, info, warning, error };
enum class LogForm : std::uint8_t { json, text };

struct LogOptions {
  LogLevel least = LogLevel::info;
  LogForm form = LogForm::json;
};

// Once, before threads start. Without it, warnings and errors go to standard error as text.
void start_log(const LogOptions& options);
// Writes what waits; before the process ends.
void stop_log();

using LogFields = std::initializer_list<std::pair<std::string_view, std::string>>;

// {"time":..., "level":..., "event":event, fields...}. Never blocks; never throws; secrets have no business here.
void log(LogLevel level, std::string_view event, LogFields fields = {});
// The error's text as event, its code as a field.
void log(LogLevel level, const Error& error);

// Lines that found the queue full since the start.
std::uint64_t lost_log_lines();

}  // namespace symbolon
