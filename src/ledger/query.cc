#include "ledger/query.h"

#include <optional>

namespace symbolon::ledger {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

struct Word {
  std::string text;    // letters as written; an unquoted `*` is kAnyRun
  std::size_t column;  // of its first octet, from 1
  bool negated = false;
  // Where the first unquoted ':', '<' or '>' stands.
  std::optional<std::size_t> separator;
};

template <typename... Args>
std::unexpected<Error> malformed(std::size_t column, fmt::format_string<Args...> format, Args&&... args) {
  return fail(Code::query_malformed, "column {}: {}", column, fmt::format(format, std::forward<Args>(args)...));
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  // Nothing at the end.
  Result<std::optional<Word>> next() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
    if (at_ == text_.size()) return std::optional<Word>{};
    Word word{.text = {}, .column = at_ + 1, .separator = {}};
    if (text_[at_] == '-') {
      word.negated = true;
      ++at_;
    }
    while (at_ < text_.size() && !is_blank(text_[at_])) {
      const char c = text_[at_];
      if (c == '"') {
        TRY(quoted(word));
        continue;
      }
      if (static_cast<unsigned char>(c) < 0x20) return malformed(at_ + 1, "a control character");
      if ((c == ':' || c == '<' || c == '>') && !word.separator) word.separator = word.text.size();
      word.text += c == '*' ? kAnyRun : c;
      ++at_;
    }
    if (word.text.empty()) return malformed(word.column, "an empty word");
    return std::optional<Word>{std::move(word)};
  }

 private:
  Status quoted(Word& word) {
    const std::size_t opening = at_++;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      if (static_cast<unsigned char>(text_[at_]) < 0x20) return malformed(at_ + 1, "a control character");
      word.text += text_[at_++];
    }
    if (at_ == text_.size()) return malformed(opening + 1, "the quote is not closed");
    ++at_;
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

template <typename T>
struct Named {
  std::string_view name;
  T value;
};
constexpr Named<Field> kFields[] = {{"subject", Field::subject}, {"san", Field::san},
                                    {"serial", Field::serial},   {"fingerprint", Field::fingerprint},
                                    {"profile", Field::profile}, {"requester", Field::requester},
                                    {"issuer", Field::issuer}};
constexpr Named<Standing> kStandings[] = {{"issued", Standing::issued},       {"revoked", Standing::revoked},
                                          {"expired", Standing::expired},     {"reserved", Standing::reserved},
                                          {"abandoned", Standing::abandoned}, {"valid", Standing::valid}};
constexpr Named<TimeField> kTimeFields[] = {{"expires", TimeField::expires}, {"issued", TimeField::issued}};
constexpr Named<Order> kOrders[] = {{"newest", Order::newest}, {"oldest", Order::oldest}, {"expires", Order::expires}};

template <typename T, std::size_t N>
std::optional<T> find(const Named<T> (&rows)[N], std::string_view name) {
  for (const Named<T>& row : rows) {
    if (row.name == name) return row.value;
  }
  return std::nullopt;
}

template <typename T, std::size_t N>
std::string all(const Named<T> (&rows)[N]) {
  std::string out;
  for (const Named<T>& row : rows) out += fmt::format("{}{}", out.empty() ? "" : ", ", row.name);
  return out;
}

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

class Parser {
 public:
  explicit Parser(UnixSeconds now) : now_(now) {}

  Status take(const Word& word) {
    if (!word.separator || *word.separator == 0) return take_text(word, Field::any, word.text);
    const std::string key = lowered(std::string_view(word.text).substr(0, *word.separator));
    const char relation = word.text[*word.separator];
    const std::string value = word.text.substr(*word.separator + 1);
    const std::size_t column = word.column + (word.negated ? 1 : 0) + *word.separator + 1;  // of the value
    if (relation == '<' || relation == '>') return take_time(word, key, value, column);
    if (value.empty()) return malformed(column, "'{}:' without a value", key);
    if (key == "state") return take_standing(word, value, column);
    if (key == "sort") return take_order(word, value, column);
    if (const std::optional<Field> field = find(kFields, key)) return take_text(word, *field, value);
    // "spiffe://example.com/a" and "0a:1b" are words too.
    if (value.starts_with("//") || is_colon_hex(word.text)) return take_text(word, Field::any, word.text);
    return malformed(word.column, "there is no field '{}' (write {}, state or sort, or quote the word)", key,
                     all(kFields));
  }

  Query query;

 private:
  static bool is_colon_hex(std::string_view text) {
    for (const char c : text) {
      const char l = lower(c);
      if (!((l >= '0' && l <= '9') || (l >= 'a' && l <= 'f') || l == ':' || l == kAnyRun)) return false;
    }
    return true;
  }

  Status take_text(const Word& word, Field field, std::string_view value) {
    TextTerm term{.field = field, .value = lowered(value), .negated = word.negated};
    if (field == Field::serial || field == Field::fingerprint) term.value = plain_hex(std::move(term.value));
    if (term.value.empty()) return malformed(word.column, "an empty word");
    term.pattern = term.value.find(kAnyRun) != std::string::npos;
    query.texts.push_back(std::move(term));
    return {};
  }

  Status take_standing(const Word& word, std::string_view value, std::size_t column) {
    const std::optional<Standing> standing = find(kStandings, lowered(value));
    if (!standing) return malformed(column, "there is no state '{}' (write {})", value, all(kStandings));
    query.standings.push_back({*standing, word.negated});
    return {};
  }

  Status take_order(const Word& word, std::string_view value, std::size_t column) {
    const std::optional<Order> order = find(kOrders, lowered(value));
    if (!order) return malformed(column, "there is no order '{}' (write {})", value, all(kOrders));
    if (word.negated) return malformed(word.column, "an order cannot be negated");
    query.order = *order;
    return {};
  }

  Status take_time(const Word& word, const std::string& key, std::string_view value, std::size_t column) {
    const std::optional<TimeField> field = find(kTimeFields, key);
    if (!field) return malformed(word.column, "'{}' is no time (write {})", key, all(kTimeFields));
    const bool smaller = word.text[*word.separator] == '<';
    TimeTerm term{
        .field = *field, .relation = smaller ? Relation::before : Relation::after, .at = now_, .negated = word.negated};
    if (const Result<Seconds> span = parse_duration(value)) {
      if (*field == TimeField::expires) {
        term.at = now_ + *span;
      } else {
        // "issued<7d": less than seven days ago.
        term.at = now_ - *span;
        term.relation = smaller ? Relation::after : Relation::before;
      }
    } else if (const Result<UnixSeconds> time = parse_time(value)) {
      term.at = *time;
    } else {
      return malformed(column, "'{}' is neither a time (2027-01-31) nor a duration (30d)", value);
    }
    query.times.push_back(term);
    return {};
  }

  UnixSeconds now_;
};

}  // namespace

std::string plain_hex(std::string value) {
  if (value.starts_with("0x")) value.erase(0, 2);
  std::erase(value, ':');
  return value;
}

Result<Query> parse_query(std::string_view text, UnixSeconds now) {
  if (text.size() > kLongestQuery) return malformed(kLongestQuery + 1, "at most {} octets", kLongestQuery);
  Lexer lexer(text);
  Parser parser(now);
  for (std::size_t terms = 0;; ++terms) {
    const std::optional<Word> word = TRY(lexer.next());
    if (!word) return std::move(parser.query);
    if (terms == kMostTerms) return malformed(word->column, "at most {} terms", kMostTerms);
    TRY(parser.take(*word));
  }
}

}  // namespace symbolon::ledger
