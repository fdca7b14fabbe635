#include "cli/command.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "api/endpoints.h"

namespace symbolon::cli {
namespace {

void add_argument(CLI::App& app, const Argument& argument) {
  const auto [flag, value] = split_name(argument.name);
  CLI::Option* option = nullptr;
  if (auto* const* const target = std::get_if<bool*>(&argument.target)) {
    option = app.add_flag(flag, **target, argument.help);
  } else if (auto* const* const text = std::get_if<std::string*>(&argument.target)) {
    option = app.add_option(flag, **text, argument.help);
  } else if (auto* const* const maybe = std::get_if<std::optional<std::string>*>(&argument.target)) {
    option = app.add_option_function<std::string>(
        flag, [target = *maybe](const std::string& given) { *target = given; }, argument.help);
  } else {
    option = app.add_option(flag, *std::get<std::vector<std::string>*>(argument.target), argument.help);
    if (argument.is_option()) option->take_all()->expected(1)->allow_extra_args(false);
  }
  if (!argument.is_option() && argument.need == Argument::Need::required) option->required();
}

class Parser {
 public:
  explicit Parser(const Command& table) : app_(table.help(), table.name()) {
    app_.set_help_flag();
    build(app_, table, table.name());
    app_.fallthrough();
  }

  Result<Parsed> parse(std::vector<std::string> arguments) {
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them last first
    try {
      app_.parse(std::move(arguments));
    } catch (const CLI::ParseError& problem) {
      if (const Node* const asked = help_asked()) return Parsed{nullptr, help_page(*asked->command, asked->path)};
      return fail(Code::usage, "{} (see `{} --help`)", problem.what(), deepest().path);
    }
    if (const Node* const asked = help_asked()) return Parsed{nullptr, help_page(*asked->command, asked->path)};
    const Node& node = deepest();
    if (!node.command->run()) {
      if (node.command->subcommands().empty()) return fail(Code::usage, "nothing to do");
      if (node.app == &app_) return Parsed{nullptr, help_page(*node.command, node.path)};
      return fail(Code::usage, "`{}` needs one of its commands (see `{} --help`)", node.path, node.path);
    }
    return Parsed{node.command, {}};
  }

 private:
  struct Node {
    CLI::App* app;
    const Command* command;
    std::string path;
    std::unique_ptr<bool> help;
  };

  void build(CLI::App& app, const Command& command, const std::string& path) {
    nodes_.push_back({&app, &command, path, std::make_unique<bool>(false)});
    app.set_help_flag();
    app.add_flag("-h,--help", *nodes_.back().help, "Print this page");
    app.allow_windows_style_options(false);
    for (const Argument& argument : command.arguments()) add_argument(app, argument);
    for (const Command& sub : command.subcommands()) {
      CLI::App* const child = app.add_subcommand(sub.name(), sub.help());
      child->fallthrough();
      build(*child, sub, path + " " + sub.name());
    }
    app.require_subcommand(0, 1);
  }

  const Node* help_asked() const {
    for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node) {
      if (*node->help) return &*node;
    }
    return nullptr;
  }

  const Node& deepest() const {
    const Node* found = &nodes_.front();
    for (const Node& node : nodes_) {
      if (node.app->parsed() && node.path.size() >= found->path.size()) found = &node;
    }
    return *found;
  }

  CLI::App app_;
  std::vector<Node> nodes_;
};

void append_table(std::string& page, std::string_view title,
                  const std::vector<std::pair<std::string, std::string>>& rows) {
  if (rows.empty()) return;
  std::size_t width = 0;
  for (const auto& [left, right] : rows) width = std::max(width, left.size());
  page += fmt::format("\n{}:\n", title);
  for (const auto& [left, right] : rows) page += fmt::format("  {:<{}}  {}\n", left, width, right);
}

}  // namespace

Command& Command::argument(std::string name, Target target, std::string help) {
  arguments_.push_back({std::move(name), target, std::move(help), Argument::Need::required});
  return *this;
}
Command& Command::optional_argument(std::string name, Target target, std::string help) {
  arguments_.push_back({std::move(name), target, std::move(help), Argument::Need::optional});
  return *this;
}
Command& Command::option(std::string name, Target target, std::string help) {
  return optional_argument(std::move(name), target, std::move(help));
}
Command& Command::values(std::vector<std::string> usual) {
  arguments_.back().values = std::move(usual);
  return *this;
}
Command& Command::details(std::string text) {
  details_ = std::move(text);
  return *this;
}
Command& Command::example(std::string line, std::string what) {
  examples_.push_back({std::move(line), std::move(what)});
  return *this;
}
Command& Command::sub(Command command) {
  subcommands_.push_back(std::move(command));
  return *this;
}
Command& Command::calls(std::string endpoint) {
  call_ = std::move(endpoint);
  return *this;
}
Command& Command::action(Action action) {
  action_ = std::move(action);
  return *this;
}
Command& Command::hidden() {
  hidden_ = true;
  return *this;
}

std::pair<std::string, std::string> split_name(const std::string& name) {
  const auto blank = name.find(' ');
  if (blank == std::string::npos) return {name, ""};
  return {name.substr(0, blank), name.substr(blank + 1)};
}

std::string synopsis(const Command& command, std::string_view path) {
  std::string line(path);
  for (const Argument& argument : command.arguments()) {
    if (argument.is_option()) continue;
    const bool many = std::holds_alternative<std::vector<std::string>*>(argument.target);
    const std::string word = argument.name + (many ? "..." : "");
    line += argument.need == Argument::Need::required ? " " + word : " [" + word + "]";
  }
  if (!command.subcommands().empty()) line += " COMMAND";
  for (const Argument& argument : command.arguments()) {
    if (argument.is_option()) return line + " [OPTIONS]";
  }
  return line;
}

Result<Parsed> parse(const Command& table, const std::vector<std::string>& arguments) {
  return Parser(table).parse(arguments);
}

std::string help_page(const Command& command, std::string_view path) {
  std::string page = fmt::format("{}\n\n  {}\n", command.help(), synopsis(command, path));
  if (!command.details().empty()) page += fmt::format("\n{}\n", command.details());
  std::vector<std::pair<std::string, std::string>> rows;
  for (const Argument& argument : command.arguments()) {
    if (!argument.is_option()) rows.emplace_back(argument.name, argument.help);
  }
  append_table(page, "Arguments", rows);
  rows.clear();
  for (const Command& sub : command.subcommands()) {
    if (!sub.is_hidden()) rows.emplace_back(sub.name(), sub.help());
  }
  append_table(page, "Commands", rows);
  rows.clear();
  for (const Argument& argument : command.arguments()) {
    if (argument.is_option()) rows.emplace_back(argument.name, argument.help);
  }
  rows.emplace_back("-h, --help", "print this page");
  append_table(page, "Options", rows);
  rows.clear();
  for (const Example& example : command.examples()) rows.emplace_back(example.line, example.what);
  append_table(page, "Examples", rows);
  if (!command.call().empty()) {
    page += fmt::format("\nRole: {} (with --authority; the socket here serves root and its owner)\n",
                        api::endpoint(command.call()).needs());
  }
  return page;
}

}  // namespace symbolon::cli
