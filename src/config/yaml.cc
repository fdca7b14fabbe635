// The one place that knows yaml-cpp: its events become our tree.
#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <sstream>
#include <unordered_map>

#include "config/document.h"
#include "config/text.h"

namespace symbolon::config {
namespace {

// Thrown by the tree builder through yaml-cpp, caught in parse_leniently.
struct Stop {
  Problem problem;
};

class Places {
 public:
  Places(std::string_view text, const std::string& file) : text_(text), file_(file) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') starts_.push_back(i + 1);
    }
  }

  // yaml-cpp counts from 0, and columns in octets.
  Place at(const YAML::Mark& mark) const {
    if (mark.is_null() || mark.line < 0) return {file_, 0, 0};
    const std::size_t end = offset(mark);
    int column = 1;
    for (std::size_t i = line_start(mark); i < end; ++i) {
      if ((static_cast<unsigned char>(text_[i]) & 0xC0U) != 0x80) ++column;
    }
    return {file_, mark.line + 1, column};
  }

  // Whether the quoted scalar that starts here ends at all: yaml-cpp 0.7 takes the end of the file for its end.
  bool closed(const YAML::Mark& mark) const {
    const char quote = character(mark);
    if (quote != '\'' && quote != '"') return true;
    for (std::size_t i = offset(mark) + 1; i < text_.size(); ++i) {
      if (quote == '"' && text_[i] == '\\') {
        ++i;
      } else if (text_[i] == quote) {
        if (quote == '"' || i + 1 >= text_.size() || text_[i + 1] != quote) return true;
        ++i;  // '' is one apostrophe
      }
    }
    return false;
  }

  char character(const YAML::Mark& mark) const {
    const std::size_t where = offset(mark);
    return where < text_.size() ? text_[where] : '\0';
  }

 private:
  std::size_t line_start(const YAML::Mark& mark) const {
    const auto line = static_cast<std::size_t>(mark.line);
    return line < starts_.size() ? starts_[line] : text_.size();
  }
  std::size_t offset(const YAML::Mark& mark) const {
    return std::min(text_.size(), line_start(mark) + static_cast<std::size_t>(std::max(0, mark.column)));
  }

  std::string_view text_;
  std::string file_;
  std::vector<std::size_t> starts_{0};
};

class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(const Places& places) : places_(places) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    add({.place = places_.at(mark), .entries = {}});
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(mark, "aliases (*name) are not accepted; write the value out");
    add({.place = places_.at(mark), .entries = {}});
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_properties(mark, tag, anchor);
    if (tag == "!" && !places_.closed(mark)) {
      throw Stop{{places_.at(mark), Code::config_syntax, "the quotation that begins here does not end"}};
    }
    for (std::string_view rest = value; !rest.empty();) {
      const std::size_t length = printable_length(rest);  // escapes like "\0" can make what the file cannot hold
      if (length == 0) {
        problems_.push_back({places_.at(mark), Code::config_bad_value, "the text holds a control character"});
        break;
      }
      rest.remove_prefix(length);
    }
    add({.place = places_.at(mark), .shape = Shape::scalar, .scalar = value, .quoted = tag == "!", .entries = {}});
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    refuse_properties(mark, tag, anchor);
    open({.place = places_.at(mark), .shape = Shape::list, .entries = {}});
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    refuse_properties(mark, tag, anchor);
    open({.place = places_.at(mark), .shape = Shape::mapping, .entries = {}});
  }
  void OnMapEnd() override { close(); }

  Node& root() { return root_; }
  std::vector<Problem>& problems() { return problems_; }

 private:
  // A list or mapping whose end has not come yet.
  struct Open {
    Node node;
    bool has_key = false;  // mapping: a key came, its value is next
    bool skip = false;     // that value is left out
    std::string key = {};
    Place key_place = {};
    std::unordered_map<std::string, int> lines = {};  // of the keys so far
  };

  void refuse(const YAML::Mark& mark, std::string words) {
    if (problems_.size() >= kMostProblems) return;
    problems_.push_back({places_.at(mark), Code::config_unsupported_yaml, std::move(words)});
  }
  void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0) refuse(mark, "anchors (&name) are not accepted; write the value out where it is needed");
  }
  void refuse_properties(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    refuse_anchor(mark, anchor);
    // "?" is a plain node, "!" a quoted scalar, or one with the tag "!".
    const bool tagged = !tag.empty() && tag != "?" && (tag != "!" || places_.character(mark) == '!');
    if (tagged) refuse(mark, "tags (!name) are not accepted; each key has its own type");
  }

  void open(Node node) {
    if (open_.size() >= kDeepest) {
      throw Stop{{node.place, Code::config_syntax, fmt::format("nested more than {} deep", kDeepest)}};
    }
    open_.push_back({.node = std::move(node)});
  }
  void close() {
    Node node = std::move(open_.back().node);
    open_.pop_back();
    add(std::move(node));
  }

  void add(Node node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.shape == Shape::list) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.has_key) {
      take_key(parent, std::move(node));
    } else {
      parent.has_key = false;
      if (parent.skip) return;
      parent.node.entries.push_back({std::move(parent.key), std::move(parent.key_place), std::move(node)});
    }
  }

  void take_key(Open& parent, Node node) {
    parent.has_key = true;
    parent.skip = true;
    if (problems_.size() >= kMostProblems) return;
    if (node.shape != Shape::scalar || node.scalar.empty()) {
      problems_.push_back({node.place, Code::config_unsupported_yaml, "a key must be a word"});
      return;
    }
    if (node.scalar == "<<" && !node.quoted) {
      problems_.push_back({node.place, Code::config_unsupported_yaml, "merge keys (<<) are not accepted"});
      return;
    }
    const auto [earlier, fresh] = parent.lines.emplace(node.scalar, node.place.line);
    if (!fresh) {
      problems_.push_back({node.place, Code::config_duplicate_key,
                           fmt::format("key {} stands twice (first in line {})", node.found(), earlier->second)});
      return;
    }
    parent.skip = false;
    parent.key = std::move(node.scalar);
    parent.key_place = std::move(node.place);
  }

  const Places& places_;
  Node root_;
  std::vector<Open> open_;
  std::vector<Problem> problems_;
};

// A second document is refused where it starts.
class NoMore final : public YAML::EventHandler {
 public:
  explicit NoMore(const Places& places) : places_(places) {}
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (places_.character(mark) == '-') {
      throw Stop{
          {places_.at(mark), Code::config_unsupported_yaml, "a second document begins; one file is one document"}};
    }
    throw Stop{{places_.at(mark), Code::config_syntax, "this belongs to nothing that stands before it"}};
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

 private:
  const Places& places_;
};

}  // namespace

Result<Document> parse_leniently(std::string_view text, std::string file) {
  const std::string clean = TRY(clean_text(text, file));
  const Places places(clean, file);
  TreeBuilder builder(places);
  try {
    std::istringstream stream(clean);
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder) || builder.root().shape == Shape::null) {
      return fail_at(file, Code::config_syntax, "there is nothing in the file");
    }
    NoMore no_more(places);
    parser.HandleNextDocument(no_more);
  } catch (const Stop& stop) {
    return std::unexpected(stop.problem.error());
  } catch (const YAML::Exception& exception) {
    return fail_at(places.at(exception.mark).text(), Code::config_syntax, "not well-formed YAML: {}", exception.msg);
  } catch (const std::exception& exception) {
    return fail_at(file, Code::config_syntax, "not well-formed YAML: {}", exception.what());
  }
  Document document{.file = file, .folder = Path(file).parent_path(), .root = {}, .problems = {}};
  document.root = std::move(builder.root());
  document.problems = std::move(builder.problems());
  return document;
}

}  // namespace symbolon::config
