// completions, and what their scripts ask.
#include <memory>

#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/session.h"
#include "crypto/key.h"

namespace symbolon::cli {
namespace {

Status print_script(const std::string& shell, const Session& session) {
  std::string script = TRY(completion_script(shell));
  script.pop_back();
  session.terminal().print(script);
  return {};
}

Status print_completion(const std::vector<std::string>& line, const Session& session) {
  GlobalOptions global;
  const std::string lines = to_lines(complete(command_table(global), line));
  if (!lines.empty()) session.terminal().print(lines);
  return {};
}

}  // namespace

std::vector<std::string> key_type_names() {
  std::vector<std::string> out;
  for (const crypto::KeyType type : crypto::all_key_types()) out.emplace_back(name(type));
  return out;
}

Command completions_command() {
  auto shell = std::make_shared<std::string>();
  Command command("completions", "Print the script by which a shell completes command lines of symbolon");
  command.argument("SHELL", shell.get(), "bash, zsh or fish")
      .values({"bash", "zsh", "fish"})
      .example("symbolon completions bash > /etc/bash_completion.d/symbolon", "")
      .example("symbolon completions zsh > /usr/local/share/zsh/site-functions/_symbolon", "")
      .example("symbolon completions fish > ~/.config/fish/completions/symbolon.fish", "")
      .action([shell](Session& session) { return print_script(*shell, session); });
  return command;
}

Command complete_command() {
  auto line = std::make_shared<std::vector<std::string>>();
  Command command("complete", "Say what may stand next: `symbolon complete -- WORD...`, the last being typed");
  command.optional_argument("WORD", line.get(), "the words behind the program's name")
      .hidden()
      .action([line](Session& session) { return print_completion(*line, session); });
  return command;
}

}  // namespace symbolon::cli
