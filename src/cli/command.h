// The command table: every command with its arguments, options, help and examples, declared once. Parsing, --help,
// completion and the manual pages come from it. (CLI11 does the parsing, behind this header.)
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"

namespace symbolon::cli {

class Session;

// Where a parsed value goes. Targets belong to the command's action (shared with it) and outlive the parse.
using Target = std::variant<std::string*, std::optional<std::string>*, std::vector<std::string>*, bool*>;

struct Argument {
  std::string name;  // "PROFILE", "--out DIR", "--force"
  Target target;
  std::string help;
  enum class Need : std::uint8_t { required, optional } need = Need::optional;
  std::vector<std::string> values = {};  // what is usually given, for completion; anything else is parsed too

  bool is_option() const { return name.starts_with("-"); }
};

struct Example {
  std::string line;
  std::string what;
};

class Command {
 public:
  using Action = std::function<Status(Session&)>;

  Command(std::string name, std::string help) : name_(std::move(name)), help_(std::move(help)) {}

  // Positional; a vector takes one or more (or none, if optional).
  Command& argument(std::string name, Target target, std::string help);
  Command& optional_argument(std::string name, Target target, std::string help);
  // "--out DIR"; for a flag, without a second word, the target is a bool.
  Command& option(std::string name, Target target, std::string help);
  // Of the argument or option declared last.
  Command& values(std::vector<std::string> usual);
  Command& details(std::string text);
  Command& example(std::string line, std::string what);
  Command& sub(Command command);
  // The call that it makes (api/endpoints.h): the page says which role that needs.
  Command& calls(std::string endpoint);
  Command& action(Action action);
  Command& hidden();

  const std::string& name() const { return name_; }
  const std::string& help() const { return help_; }
  const std::string& details() const { return details_; }
  const std::vector<Argument>& arguments() const { return arguments_; }
  const std::vector<Example>& examples() const { return examples_; }
  const std::vector<Command>& subcommands() const { return subcommands_; }
  const std::string& call() const { return call_; }  // empty: none
  const Action& run() const { return action_; }
  bool is_hidden() const { return hidden_; }

 private:
  std::string name_;
  std::string help_;
  std::string details_;
  std::vector<Argument> arguments_;
  std::vector<Example> examples_;
  std::vector<Command> subcommands_;
  std::string call_;
  Action action_;
  bool hidden_ = false;
};

// What a command line comes to: a command to run, or a text to print (--help, --version).
struct Parsed {
  const Command* command = nullptr;  // points into the table
  std::string text;                  // when there is no command
};

// Fails with usage; the words end with how to get help.
Result<Parsed> parse(const Command& table, const std::vector<std::string>& arguments);

// "symbolon issue PROFILE NAME... [OPTIONS]". `path` is "symbolon issue".
std::string synopsis(const Command& command, std::string_view path);

// "--out DIR" -> {"--out", "DIR"}; a flag or a positional argument has no second part.
std::pair<std::string, std::string> split_name(const std::string& name);

// The page of one command, as --help prints it.
std::string help_page(const Command& command, std::string_view path);

}  // namespace symbolon::cli
