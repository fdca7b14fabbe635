#include "base/log.h"

#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

#include "base/clock.h"
#include "base/log_role.h"

namespace symbolon {
namespace {

constexpr std::size_t kQueueLines = 8192;  // bounded: a slow terminal must not hold up the data path

struct State {
  std::shared_ptr<spdlog::details::thread_pool> pool;
  std::shared_ptr<spdlog::logger> logger;
  LogForm form = LogForm::text;
  std::string role;
};
State& state() {
  static State kState;
  return kState;
}

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::string_view word_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warning: return "warning";
    case LogLevel::error: return "error";
  }
  return "error";
}

// A JSON string; what is not printable ASCII or well-formed text beyond it is escaped, so that a line stays a line.
void append_json(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (octet < 0x20 || octet == 0x7f) {
      out += fmt::format("\\u{:04x}", octet);
    } else {
      out += c;
    }
  }
  out += '"';
}

std::string json_line(LogLevel level, std::string_view event, LogFields fields) {
  std::string line =
      fmt::format(R"({{"time":"{}","level":"{}","event":)", to_rfc3339(system_clock().now()), word_of(level));
  append_json(line, event);
  if (const std::string& role = state().role; !role.empty()) {
    line += R"(,"role":)";
    append_json(line, role);
  }
  for (const auto& [key, value] : fields) {
    line += ',';
    append_json(line, key);
    line += ':';
    append_json(line, value);
  }
  line += '}';
  return line;
}

std::string text_line(LogLevel level, std::string_view event, LogFields fields) {
  std::string line = state().role.empty() ? std::string() : state().role + ": ";
  if (level >= LogLevel::warning) line += fmt::format("{}: ", word_of(level));
  line += event;
  for (const auto& [key, value] : fields) line += fmt::format(" {}={}", key, value);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return line;
}

}  // namespace

void name_log(std::string role) { state().role = std::move(role); }

void start_log(const LogOptions& options) {
  State& log = state();
  log.form = options.form;
  log.pool = std::make_shared<spdlog::details::thread_pool>(kQueueLines, 1);
  log.logger = std::make_shared<spdlog::async_logger>("symbolon", std::make_shared<spdlog::sinks::stderr_sink_mt>(),
                                                      log.pool, spdlog::async_overflow_policy::overrun_oldest);
  log.logger->set_pattern("%v");
  log.logger->set_level(level_of(options.least));
}

void stop_log() {
  State& log = state();
  log.logger.reset();
  log.pool.reset();  // joins: what waits is written
}

void log(LogLevel level, std::string_view event, LogFields fields) try {
  const State& log = state();
  if (log.logger == nullptr) {
    if (level >= LogLevel::warning) std::fputs((text_line(level, event, fields) + "\n").c_str(), stderr);
    return;
  }
  if (!log.logger->should_log(level_of(level))) return;
  log.logger->log(level_of(level),
                  log.form == LogForm::json ? json_line(level, event, fields) : text_line(level, event, fields));
} catch (const std::bad_alloc&) {  // NOLINT: no memory, no words
}

void log(LogLevel level, const Error& error) try {
  log(level, error.text(), {{"code", std::string(name(error.code))}});
} catch (const std::bad_alloc&) {  // NOLINT: likewise
}

std::uint64_t lost_log_lines() {
  const State& log = state();
  return log.pool == nullptr ? 0 : log.pool->overrun_counter();
}

}  // namespace symbolon
