// SMTP, FTP, IMAP and POP3: a line at a time.
#include <algorithm>
#include <array>

#include "check/greeting.h"
#include "check/starttls_machine.h"

namespace symbolon::check {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::unexpected<Error> refused(std::string_view what, std::string_view line) {
  return fail(Code::starttls_refused, "{} was answered with {}", what, in_quotes(line));
}

// -- replies with a number, of SMTP and FTP

struct Reply {
  int code = 0;
  std::vector<std::string> lines = {};  // without the code
  std::string last = {};                // as it came
};

// RFC 5321 §4.2.1: every line of a reply has its code. RFC 959 §4.2: only the first and the last.
enum class Continuation : std::uint8_t { with_code, any };

class ReplyReader {
 public:
  ReplyReader(std::string_view protocol, Continuation continuation)
      : protocol_(protocol), continuation_(continuation) {}

  // None: more lines follow.
  Result<std::optional<Reply>> take(std::string_view line) {
    const std::optional<int> code = code_of(line);
    const bool goes_on = code && line.size() > 3 && line[3] == '-';
    if (open_.code != 0 && continuation_ == Continuation::any && (goes_on || code != open_.code)) {
      open_.lines.emplace_back(line);
      return std::optional<Reply>();
    }
    if (!code || (open_.code != 0 && *code != open_.code)) return other_protocol(protocol_, line);
    open_.code = *code;
    open_.lines.emplace_back(line.size() > 4 ? line.substr(4) : std::string_view());
    if (goes_on) return std::optional<Reply>();
    open_.last = line;
    return std::optional<Reply>(std::exchange(open_, Reply{}));
  }

 private:
  static std::optional<int> code_of(std::string_view line) {
    if (line.size() < 3 || line[0] < '1' || line[0] > '6' || !is_digit(line[1]) || !is_digit(line[2])) return {};
    if (line.size() > 3 && line[3] != ' ' && line[3] != '-') return {};
    return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  }

  std::string_view protocol_;
  Continuation continuation_;
  Reply open_;
};

class ReplyMachine : public StartTlsMachine {
 public:
  ReplyMachine(std::string_view protocol, Continuation continuation)
      : protocol_(protocol), reader_(protocol, continuation) {}

  Result<Step> take(std::string_view came) final {
    if (!begun_ && !is_digit(came[0])) return other_protocol(protocol_, came);
    begun_ = true;
    const auto line = TRY(next_line(came));
    Step step;
    if (!line) return step;
    const auto reply = TRY(reader_.take(line->text));
    if (reply) step = TRY(on(*reply));
    step.used = line->used;
    return step;
  }

 private:
  virtual Result<Step> on(const Reply& reply) = 0;

  std::string_view protocol_;
  ReplyReader reader_;
  bool begun_ = false;
};

// RFC 3207 §4: greeting 220, EHLO 250 with STARTTLS, STARTTLS 220.
class Smtp final : public ReplyMachine {
 public:
  explicit Smtp(std::string client) : ReplyMachine("smtp", Continuation::with_code), client_(std::move(client)) {}

 private:
  enum class State : std::uint8_t { greeting, hello, starttls };

  Result<Step> on(const Reply& reply) override {
    switch (state_) {
      case State::greeting: {
        if (reply.code != 220) return refused("the connection", reply.last);
        const auto speaker = recognize("220 " + reply.lines.front());
        greets_as_ftp_ = speaker && speaker->starttls == StartTls::ftp;
        state_ = State::hello;
        return Step{.send = "EHLO " + client_ + "\r\n"};
      }
      case State::hello: return on_hello(reply);
      case State::starttls:
        if (reply.code != 220) return refused("STARTTLS", reply.last);
        return Step{.ready = true};
    }
    return Step{};
  }

  Result<Step> on_hello(const Reply& reply) {
    // RFC 959 §5.4: what an FTP server says to whoever is not logged in.
    if (greets_as_ftp_ || reply.code == 530)
      return fail(Code::starttls_wrong_protocol, "smtp was asked for, an FTP server answers: {}",
                  in_quotes(reply.last));
    // RFC 5321 §4.2.3: 421 "Service not available, closing transmission channel".
    if (reply.code == 421) return refused("EHLO", reply.last);
    if (reply.code != 250)
      return fail(Code::starttls_not_offered, "the server knows no extensions: EHLO was answered with {}",
                  in_quotes(reply.last));
    const auto offered = [](const std::string& line) { return starts_with_word(line, "STARTTLS"); };
    if (std::none_of(reply.lines.begin() + 1, reply.lines.end(), offered))
      return fail(Code::starttls_not_offered, "STARTTLS is not among the {} extensions that EHLO was answered with",
                  reply.lines.size() - 1);
    state_ = State::starttls;
    return Step{.send = "STARTTLS\r\n"};
  }

  std::string client_;
  State state_ = State::greeting;
  bool greets_as_ftp_ = false;
};

// RFC 4217 §4: greeting 220, AUTH TLS 234.
class Ftp final : public ReplyMachine {
 public:
  Ftp() : ReplyMachine("ftp", Continuation::any) {}

 private:
  Result<Step> on(const Reply& reply) override {
    // RFC 959 §5.4: 120 "Service ready in nnn minutes", and 220 when it is.
    if (reply.code < 200) return Step{};
    if (!asked_) {
      if (reply.code != 220) return refused("the connection", reply.last);
      const auto speaker = recognize("220 " + reply.lines.front());
      if (speaker && speaker->starttls == StartTls::smtp)
        return fail(Code::starttls_wrong_protocol, "ftp was asked for, an SMTP server answers: {}",
                    in_quotes(reply.last));
      asked_ = true;
      return Step{.send = "AUTH TLS\r\n"};
    }
    if (reply.code == 234) return Step{.ready = true};
    // RFC 4217 §4: 502 where AUTH is not known, 504 where TLS is not; 500, 530 and the like come too.
    constexpr std::array kUnknown{500, 501, 502, 503, 504, 530};
    if (std::ranges::find(kUnknown, reply.code) != kUnknown.end())
      return fail(Code::starttls_not_offered, "AUTH TLS was answered with {}", in_quotes(reply.last));
    return refused("AUTH TLS", reply.last);
  }

  bool asked_ = false;
};

// -- IMAP

// RFC 9051 §7.1, §6.1.1, §6.2.1: a greeting, CAPABILITY, STARTTLS.
class Imap final : public StartTlsMachine {
  enum class State : std::uint8_t { greeting, capability, starttls };

  Result<Step> take(std::string_view came) override {
    if (state_ == State::greeting && came[0] != '*') return other_protocol("imap", came);
    const auto line = TRY(next_line(came));
    Step step;
    if (!line) return step;
    switch (state_) {
      case State::greeting: step = TRY(on_greeting(line->text)); break;
      case State::capability: step = TRY(on_capability(line->text)); break;
      case State::starttls: step = TRY(on_starttls(line->text)); break;
    }
    step.used = line->used;
    return step;
  }

  Result<Step> on_greeting(std::string_view line) {
    if (starts_with_word(line, "* PREAUTH"))
      return fail(Code::starttls_refused,
                  "the server takes this client as logged in already, and STARTTLS is for who "
                  "is not (RFC 9051 §6.2.1): {}",
                  in_quotes(line));
    if (starts_with_word(line, "* BYE")) return refused("the connection", line);
    if (!starts_with_word(line, "* OK")) return other_protocol("imap", line);
    state_ = State::capability;
    return Step{.send = "a1 CAPABILITY\r\n"};
  }

  Result<Step> on_capability(std::string_view line) {
    if (starts_with_word(line, "* CAPABILITY")) {
      for (const std::string_view word : words_of(line)) offered_ = offered_ || same_word(word, "STARTTLS");
    }
    if (TRY(is_untagged(line))) return Step{};
    if (!starts_with_word(line, "a1 OK") || !offered_)
      return fail(Code::starttls_not_offered, "STARTTLS is not among the capabilities that the server names: {}",
                  in_quotes(line));
    state_ = State::starttls;
    return Step{.send = "a2 STARTTLS\r\n"};
  }

  Result<Step> on_starttls(std::string_view line) {
    if (TRY(is_untagged(line))) return Step{};
    if (!starts_with_word(line, "a2 OK")) return refused("STARTTLS", line);
    return Step{.ready = true};
  }

  // RFC 9051 §2.2.2: the server may say anything in between.
  Result<bool> is_untagged(std::string_view line) const {
    if (starts_with_word(line, "* BYE")) return refused("a command", line);
    if (line.starts_with("* ")) return true;
    if (!line.starts_with(state_ == State::capability ? "a1 " : "a2 ")) return other_protocol("imap", line);
    return false;
  }

  State state_ = State::greeting;
  bool offered_ = false;
};

// -- POP3

// RFC 2449 §5, RFC 2595 §4: a greeting, CAPA, STLS.
class Pop3 final : public StartTlsMachine {
  enum class State : std::uint8_t { greeting, capabilities, list, starttls };

  Result<Step> take(std::string_view came) override {
    if (state_ == State::greeting && came[0] != '+' && came[0] != '-') return other_protocol("pop3", came);
    const auto line = TRY(next_line(came));
    Step step;
    if (!line) return step;
    step = TRY(on(line->text));
    step.used = line->used;
    return step;
  }

  Result<Step> on(std::string_view line) {
    switch (state_) {
      case State::greeting:
        if (!TRY(is_ok(line))) return refused("the connection", line);
        state_ = State::capabilities;
        return Step{.send = "CAPA\r\n"};
      case State::capabilities:
        // A server that knows no CAPA may know STLS all the same.
        if (!TRY(is_ok(line))) return ask();
        listed_ = true;
        state_ = State::list;
        return Step{};
      case State::list:
        offered_ = offered_ || starts_with_word(line, "STLS");
        if (line != ".") return Step{};
        if (!offered_) return fail(Code::starttls_not_offered, "STLS is not among the capabilities that CAPA names");
        return ask();
      case State::starttls:
        if (TRY(is_ok(line))) return Step{.ready = true};
        if (!listed_) return fail(Code::starttls_not_offered, "neither CAPA nor STLS is known: {}", in_quotes(line));
        return refused("STLS", line);
    }
    return Step{};
  }

  Step ask() {
    state_ = State::starttls;
    return {.send = "STLS\r\n"};
  }

  static Result<bool> is_ok(std::string_view line) {
    if (starts_with_word(line, "+OK")) return true;
    if (starts_with_word(line, "-ERR")) return false;
    return other_protocol("pop3", line);
  }

  State state_ = State::greeting;
  bool listed_ = false;
  bool offered_ = false;
};

}  // namespace

std::unique_ptr<StartTlsMachine> smtp_machine(std::string client) { return std::make_unique<Smtp>(std::move(client)); }
std::unique_ptr<StartTlsMachine> ftp_machine() { return std::make_unique<Ftp>(); }
std::unique_ptr<StartTlsMachine> imap_machine() { return std::make_unique<Imap>(); }
std::unique_ptr<StartTlsMachine> pop3_machine() { return std::make_unique<Pop3>(); }

}  // namespace symbolon::check
