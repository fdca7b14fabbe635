// Errors as values. `Result<T>` is returned by whatever a peer, a file, a clock or a disk can make fail.
#pragma once

#include <fmt/format.h>

#include <expected>
#include <string>
#include <utility>

#include "base/codes.h"

namespace symbolon {

struct Error {
  Code code = Code::internal;
  std::string words;       // what is the case, with the numbers; for people, never parsed
  std::string where = {};  // file:line:column, path or URL; empty where none applies

  // "where: words" in one line.
  std::string text() const;
};

// std::expected that may not be dropped unread.
template <typename T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
};
using Status = Result<void>;

template <typename... Args>
std::unexpected<Error> fail(Code code, fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected(Error{code, fmt::format(format, std::forward<Args>(args)...)});
}

template <typename... Args>
std::unexpected<Error> fail_at(std::string where, Code code, fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected(Error{code, fmt::format(format, std::forward<Args>(args)...), std::move(where)});
}

// Ends the process with the place: for invariants of ours only, never for input.
[[noreturn]] void abort_with(const char* file, int line, const char* condition);

}  // namespace symbolon

#define SYMBOLON_JOIN_(a, b) a##b
#define SYMBOLON_JOIN(a, b) SYMBOLON_JOIN_(a, b)

// The value of a Result, or return its error. Not in coroutines (g++ 12): there CO_TRY.
#define SYMBOLON_TRY(name, ...)                        \
  __extension__({                                      \
    auto name = (__VA_ARGS__);                         \
    if (!name) [[unlikely]]                            \
      return std::unexpected(std::move(name).error()); \
    std::move(name).value();                           \
  })
#define TRY(...) SYMBOLON_TRY(SYMBOLON_JOIN(try_result_, __COUNTER__), __VA_ARGS__)

// In coroutines: CO_TRY(auto value, co_await f()); and CO_TRY_DONE(co_await g()); for a Status.
#define SYMBOLON_CO_TRY(name, declaration, ...)         \
  auto name = (__VA_ARGS__);                            \
  if (!name) [[unlikely]]                               \
    co_return std::unexpected(std::move(name).error()); \
  declaration = std::move(name).value()
#define CO_TRY(declaration, ...) SYMBOLON_CO_TRY(SYMBOLON_JOIN(try_result_, __COUNTER__), declaration, __VA_ARGS__)
#define SYMBOLON_CO_TRY_DONE(name, ...) \
  auto name = (__VA_ARGS__);            \
  if (!name) [[unlikely]]               \
  co_return std::unexpected(std::move(name).error())
#define CO_TRY_DONE(...) SYMBOLON_CO_TRY_DONE(SYMBOLON_JOIN(try_result_, __COUNTER__), __VA_ARGS__)

#define ENSURE(condition) ((condition) ? static_cast<void>(0) : ::symbolon::abort_with(__FILE__, __LINE__, #condition))
