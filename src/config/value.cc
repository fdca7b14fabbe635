#include "config/value.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace symbolon::config {
namespace {

constexpr std::string_view kDurationPattern = "^([0-9]+[ywdhms])+$";

DescriptionPtr describe(Description description) { return std::make_shared<const Description>(std::move(description)); }

Value<std::string> text_value(std::size_t least) {
  const std::string words = least == 0 ? "text" : "text that is not empty";
  auto read = [least, words](const Node& node, Reader& reader) -> std::optional<std::string> {
    if (node.shape == Shape::scalar && node.scalar.size() >= least) return node.scalar;
    reader.must_be(node, words);
    return std::nullopt;
  };
  return {.read = std::move(read),
          .show = [](const std::string& value) { return value.empty() ? std::string() : detail::show_text(value); },
          .description = detail::describe_text("text", least == 0 ? "" : kAnyText)};
}

struct SizeUnit {
  std::string_view name;
  std::uint64_t octets;
};
constexpr SizeUnit kSizeUnits[] = {{"GiB", 1ULL << 30}, {"MiB", 1ULL << 20}, {"KiB", 1ULL << 10}, {"B", 1}};

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  for (const SizeUnit& unit : kSizeUnits) {
    std::uint64_t octets = 0;
    if (text == unit.name && !__builtin_mul_overflow(number, unit.octets, &octets)) return octets;
  }
  return std::nullopt;
}

std::string show_size(std::uint64_t octets) {
  for (const SizeUnit& unit : kSizeUnits) {
    if (octets % unit.octets == 0 && octets >= unit.octets) return fmt::format("{}{}", octets / unit.octets, unit.name);
  }
  return "0B";
}

}  // namespace

Value<std::string> string() { return text_value(1); }
Value<std::string> string_or_empty() { return text_value(0); }

Value<std::int64_t> integer(std::int64_t least, std::int64_t most) {
  const std::string words = fmt::format("an integer from {} to {}", least, most);
  auto read = [least, most, words](const Node& node, Reader& reader) -> std::optional<std::int64_t> {
    if (node.shape == Shape::scalar && !node.quoted) {
      std::int64_t value = 0;
      const char* const end = node.scalar.data() + node.scalar.size();
      const auto [at, problem] = std::from_chars(node.scalar.data(), end, value);
      // "007" and "-0" are not how an integer is written; octal or a typing error would hide in them.
      const bool canonical = problem == std::errc() && at == end && node.scalar == std::to_string(value);
      if (canonical && value >= least && value <= most) return value;
      reader.must_be(node, words, canonical ? Code::config_bad_value : Code::config_wrong_type);
      return std::nullopt;
    }
    reader.must_be(node, words, Code::config_wrong_type);
    return std::nullopt;
  };
  return {.read = std::move(read),
          .show = [](const std::int64_t& value) { return std::to_string(value); },
          .description = describe({.kind = Description::Kind::integer, .words = words, .least = least, .most = most})};
}

Value<bool> boolean() {
  const std::string words = "true or false";
  auto read = [words](const Node& node, Reader& reader) -> std::optional<bool> {
    if (node.shape == Shape::scalar && !node.quoted) {
      if (node.scalar == "true") return true;
      if (node.scalar == "false") return false;
    }
    reader.must_be(node, words, Code::config_wrong_type);
    return std::nullopt;
  };
  return {.read = std::move(read),
          .show = [](const bool& value) { return std::string(value ? "true" : "false"); },
          .description = describe({.kind = Description::Kind::boolean, .words = words})};
}

Value<Seconds> duration() { return duration({0}, kDay * 365 * 1000); }

Value<Seconds> duration(Seconds least, Seconds most) {
  const bool bounded = most < kDay * 365 * 1000;
  const std::string words = bounded ? fmt::format("a duration from {} to {}", to_text(least), to_text(most))
                            : least.count > 0
                                ? fmt::format("a duration such as 90d or 1h30m, at least {}", to_text(least))
                                : "a duration such as 90d or 1h30m";
  auto read = [least, most, words](const Node& node, Reader& reader) -> std::optional<Seconds> {
    if (node.shape == Shape::scalar) {
      const auto value = parse_duration(node.scalar);
      if (value && *value >= least && *value <= most) return *value;
      reader.must_be(node, words, value ? Code::config_bad_value : Code::config_wrong_type);
      return std::nullopt;
    }
    reader.must_be(node, words);
    return std::nullopt;
  };
  return {.read = std::move(read),
          .show = [](const Seconds& value) { return to_text(value); },
          .description = detail::describe_text(words, std::string(kDurationPattern))};
}

Value<std::uint64_t> size(std::uint64_t least, std::uint64_t most) {
  const std::string words = fmt::format("a size from {} to {}", show_size(least), show_size(most));
  auto read = [least, most, words](const Node& node, Reader& reader) -> std::optional<std::uint64_t> {
    if (node.shape == Shape::scalar) {
      const auto value = parse_size(node.scalar);
      if (value && *value >= least && *value <= most) return value;
      reader.must_be(node, words, value ? Code::config_bad_value : Code::config_wrong_type);
      return std::nullopt;
    }
    reader.must_be(node, words);
    return std::nullopt;
  };
  return {.read = std::move(read),
          .show = [](const std::uint64_t& value) { return show_size(value); },
          .description = detail::describe_text(words, "^[0-9]+(B|KiB|MiB|GiB)$")};
}

Value<Path> path() {
  const std::string words = "a path";
  auto read = [words](const Node& node, Reader& reader) -> std::optional<Path> {
    if (node.shape == Shape::scalar && !node.scalar.empty() && node.scalar.find('\n') == std::string::npos) {
      Path named = (reader.folder() / Path(node.scalar)).lexically_normal();
      reader.note_path(named);
      return named;
    }
    reader.must_be(node, words);
    return std::nullopt;
  };
  return {.read = std::move(read),
          .show = [](const Path& value) { return value.string(); },
          .description = detail::describe_text(words, kAnyText)};
}

}  // namespace symbolon::config
