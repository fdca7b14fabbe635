#include "cli/manual.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/endpoints.h"
#include "config/reference.h"

namespace symbolon::cli {
namespace {

// Text as roff takes it: nothing in it is a request, and what is typed stays what it is when it is copied.
std::string plain(std::string_view text) {
  std::string out;
  bool at_start = true;
  for (const char c : text) {
    if (at_start && (c == '.' || c == '\'')) out += "\\&";
    at_start = c == '\n';
    switch (c) {
      case '\\': out += "\\e"; break;
      case '-': out += "\\-"; break;
      case '`': out += "\\(ga"; break;
      case '\'': out += "\\(aq"; break;
      case '^': out += "\\(ha"; break;
      case '~': out += "\\(ti"; break;
      default: out += c;
    }
  }
  return out;
}

// What stands between backticks in bold.
std::string words(std::string_view text) {
  std::string out;
  for (bool is_code = false; !text.empty(); is_code = !is_code) {
    const auto end = text.find('`');
    const std::string part = plain(text.substr(0, end));
    out += is_code ? "\\fB" + part + "\\fR" : part;
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return out;
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return text;
}

std::string head(const std::string& name, int section, std::string_view help) {
  return fmt::format(".TH {} {} \"\" \"symbolon " SYMBOLON_VERSION
                     "\" \"symbolon manual\"\n.nh\n.ad l\n.SH NAME\n{} \\- {}\n",
                     plain(upper(name)), section, plain(name), words(help));
}

std::string tagged(std::string_view tag, std::string_view text) {
  return fmt::format(".TP\n\\fB{}\\fR\n{}\n", plain(tag), words(text));
}

void append_arguments(std::string& page, const Command& command, std::string_view title, bool options) {
  std::string rows;
  for (const Argument& argument : command.arguments()) {
    if (argument.is_option() != options) continue;
    const auto [flag, value] = split_name(argument.name);
    rows += fmt::format(".TP\n\\fB{}\\fR{}\n{}\n", plain(flag), value.empty() ? "" : " \\fI" + plain(value) + "\\fR",
                        words(argument.help));
  }
  if (!rows.empty()) page += fmt::format("{}\n{}", title, rows);
}

void append_examples(std::string& page, const Command& command, std::string_view title) {
  if (command.examples().empty()) return;
  page += fmt::format("{}\n", title);
  for (const Example& example : command.examples()) {
    page +=
        fmt::format(".TP\n\\fB{}\\fR\n{}\n", plain(example.line), example.what.empty() ? "\\&" : words(example.what));
  }
}

void append_details(std::string& page, const Command& command) {
  if (!command.details().empty()) page += fmt::format(".PP\n{}\n", words(command.details()));
  if (!command.call().empty()) {
    page += fmt::format(".PP\nRole: {} (with \\fB\\-\\-authority\\fR; the socket here serves root and its owner).\n",
                        plain(api::endpoint(command.call()).needs()));
  }
}

void append_commands_below(std::string& page, const Command& command, const std::string& path) {
  for (const Command& sub : command.subcommands()) {
    const std::string below = path + " " + sub.name();
    page += fmt::format(".SS {}\n{}\n", plain(synopsis(sub, below)), words(sub.help()) + ".");
    append_details(page, sub);
    append_arguments(page, sub, ".PP", false);
    append_arguments(page, sub, ".PP", true);
    append_examples(page, sub, ".PP\nExamples:");
    append_commands_below(page, sub, below);
  }
}

constexpr std::string_view kExitStatus = R"(.SH EXIT STATUS
.TP
.B 0
It was done.
.TP
.B 2
The command line cannot be understood.
.TP
.B 3
The configuration, a key or a passphrase is wrong.
.TP
.B 4
The environment: files, disk, network, another process.
.TP
.B 5
Refused: by policy, by verification, by the peer.
.TP
.B 6
Not found.
.TP
.B 7
Ambiguous: several match, nothing was changed.
.TP
.B 8
It exists already, nothing was changed.
.TP
.B 70
An error of symbolon itself.
.PP
With
.B \-\-json
an error is a line of JSON on standard error, the last one there: a problem document (RFC 9457) with its code, what it is about, and a remedy.
)";

constexpr std::string_view kFiles = R"(.SH FILES
.TP
.I ./symbolon/symbolon.yaml, /etc/symbolon/symbolon.yaml
The configuration; see
.BR symbolon.yaml (5).
.TP
.I ./symbolon, /var/lib/symbolon
The state: the ledger, the CAs and their keys.
)";

ManualPage overview(const Command& table) {
  std::string page = head(table.name(), 1, table.help());
  page += fmt::format(".SH SYNOPSIS\n.B {}\n\\fICOMMAND\\fR [\\fIOPTIONS\\fR]\n.SH COMMANDS\n", table.name());
  std::string others;
  for (const Command& sub : table.subcommands()) {
    if (sub.is_hidden()) continue;
    page += tagged(sub.name(), sub.help());
    others += fmt::format(".BR {} (1),\n", plain(table.name() + "-" + sub.name()));
  }
  append_arguments(page, table, ".SH OPTIONS", true);
  append_examples(page, table, ".SH EXAMPLES");
  page += fmt::format("{}{}.SH SEE ALSO\n{}.BR symbolon.yaml (5)\n", kExitStatus, kFiles, others);
  return {table.name() + ".1", std::move(page)};
}

ManualPage page_of(const Command& command, const std::string& program) {
  const std::string name = program + "-" + command.name();
  const std::string path = program + " " + command.name();
  std::string page = head(name, 1, command.help());
  page +=
      fmt::format(".SH SYNOPSIS\n.B {}\n.SH DESCRIPTION\n{}.\n", plain(synopsis(command, path)), words(command.help()));
  append_details(page, command);
  append_arguments(page, command, ".SH ARGUMENTS", false);
  append_arguments(page, command, ".SH OPTIONS", true);
  if (!command.subcommands().empty()) page += ".SH COMMANDS\n";
  append_commands_below(page, command, path);
  append_examples(page, command, ".SH EXAMPLES");
  page += fmt::format(".SH SEE ALSO\nThe options of every command and the exit statuses:\n.BR {} (1).\n", program);
  return {name + ".1", std::move(page)};
}

ManualPage configuration_page(const config::Description& configuration) {
  std::string page = head("symbolon.yaml", 5, "the configuration of symbolon");
  page +=
      ".SH DESCRIPTION\nYAML. Unknown and duplicate keys are errors. \\fBsymbolon config check\\fR says everything "
      "that is wrong.\n";
  for (const config::ReferenceTable& table : config::reference_tables(configuration)) {
    page += table.path.empty() ? ".SH THE FILE\n" : fmt::format(".SH {}\n", plain(table.path));
    if (!table.help.empty()) page += words(table.help) + "\n";
    for (const config::ReferenceKey& key : table.keys) {
      page += tagged(key.name, key.help + (key.example.empty() ? "" : " Example: `" + key.example + "`"));
      page += fmt::format(".br\nValue: {}.", words(key.type));
      if (key.required) page += " Required.";
      if (!key.default_text.empty()) page += fmt::format(" Default: {}.", words("`" + key.default_text + "`"));
      page += '\n';
    }
  }
  page += ".SH SEE ALSO\n.BR symbolon (1),\n.BR symbolon\\-config (1)\n";
  return {"symbolon.yaml.5", std::move(page)};
}

}  // namespace

std::vector<ManualPage> manual_pages(const Command& table, const config::Description& configuration) {
  std::vector<ManualPage> pages{overview(table)};
  for (const Command& sub : table.subcommands()) {
    if (!sub.is_hidden()) pages.push_back(page_of(sub, table.name()));
  }
  pages.push_back(configuration_page(configuration));
  return pages;
}

}  // namespace symbolon::cli
