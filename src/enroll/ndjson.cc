#include "enroll/ndjson.h"

#include <boost/json.hpp>

#include "api/codec.h"
#include "http/problem.h"

namespace symbolon::enroll {

namespace {

namespace json = boost::json;

// The one member of a line's object.
struct Line {
  std::string kind;
  std::string value;  // JSON
};

Result<Line> parse_line(std::string_view text) {
  boost::system::error_code error;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  const auto* object = error ? nullptr : value.if_object();
  if (object == nullptr || object->size() != 1)
    return fail(Code::bad_request, "a line of the answer is not understood");
  const auto& member = *object->begin();
  return Line{std::string(member.key().data(), member.key().size()), json::serialize(member.value())};
}

}  // namespace

void LineReader::see(std::string_view so_far) {
  while (true) {
    const std::size_t end = so_far.find('\n', seen_);
    if (end == std::string_view::npos) return;
    const auto line = parse_line(so_far.substr(seen_, end - seen_));
    seen_ = end + 1;
    if (!line || line->kind != "progress" || !on_progress_) continue;
    if (const auto progress = api::decode_answer<api::Progress>(line->value)) on_progress_(*progress);
  }
}

Result<std::string> LineReader::finish(std::string_view whole) {
  see(whole);
  if (!whole.ends_with('\n')) return fail(Code::truncated, "the answer ends within a line");
  whole.remove_suffix(1);
  const std::size_t start = whole.rfind('\n');
  Line line = TRY(parse_line(start == std::string_view::npos ? whole : whole.substr(start + 1)));
  if (line.kind == "result") return std::move(line.value);
  if (line.kind == "problem") {
    if (auto error = http::problem_from_text(line.value)) return std::unexpected(*std::move(error));
  }
  return fail(Code::bad_request, "the last line of the answer is neither a result nor a problem");
}

}  // namespace symbolon::enroll
