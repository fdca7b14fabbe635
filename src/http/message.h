// HTTP messages as plain values (RFC 9110); how they look on the wire is http/wire.h.
#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace symbolon::http {

struct Header {
  std::string name;
  std::string value;
  bool operator==(const Header&) const = default;
};

// In order of appearance; names compare without case (RFC 9110 §5.1).
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<Header> list) : list_(list) {}

  void add(std::string name, std::string value) { list_.push_back({std::move(name), std::move(value)}); }
  // Replaces what stands under that name.
  void set(std::string_view name, std::string value);
  // The first value under that name.
  std::optional<std::string_view> find(std::string_view name) const;
  std::size_t count(std::string_view name) const;

  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }
  std::size_t size() const { return list_.size(); }

 private:
  std::vector<Header> list_;
};

// ASCII letters without case.
bool equal_without_case(std::string_view a, std::string_view b);

struct Request {
  std::string method = "GET";
  std::string target = "/";  // origin-form (RFC 9112 §3.2.1)
  Headers headers;
  std::string body;
};

class BodySource;  // http/body_source.h

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  std::shared_ptr<BodySource> source = {};  // instead of `body`: it comes piece by piece (chunked)
  std::shared_ptr<const std::string> shared =
      {};  // instead of `body`: one that many answers have in common; not copied
};

inline constexpr std::string_view kJson = "application/json";
inline constexpr std::string_view kProblemJson = "application/problem+json";  // RFC 9457 §6.1

// A response with that body and Content-Type.
Response make_response(int status, std::string_view content_type, std::string body);

// RFC 9110 §15 phrase; "Unknown" for numbers without one.
std::string_view reason_phrase(int status);

}  // namespace symbolon::http
