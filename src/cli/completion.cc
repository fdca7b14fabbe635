#include "cli/completion.h"

#include <algorithm>

namespace symbolon::cli {
namespace {

constexpr std::string_view kBash = R"script(# bash completion for symbolon
_symbolon() {
  local line current=${COMP_WORDS[COMP_CWORD]} IFS=$'\n'
  COMPREPLY=()
  for line in $("${COMP_WORDS[0]}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null); do
    case $line in
      :file) compopt -o filenames; COMPREPLY=($(compgen -f -- "$current")) ;;
      :folder) compopt -o filenames; COMPREPLY=($(compgen -d -- "$current")) ;;
      *) COMPREPLY+=("${line%%$'\t'*}") ;;
    esac
  done
}
complete -F _symbolon symbolon
)script";

constexpr std::string_view kZsh = R"script(#compdef symbolon
_symbolon() {
  local line
  local -a found
  for line in ${(f)"$("${words[1]}" complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)"}; do
    case $line in
      (:file) _files; return ;;
      (:folder) _files -/; return ;;
      (*) found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
    esac
  done
  _describe symbolon found
}
if [ "$funcstack[1]" = _symbolon ]; then
  _symbolon "$@"
else
  compdef _symbolon symbolon
fi
)script";

constexpr std::string_view kFish = R"script(# fish completion for symbolon
function __symbolon_complete
    set -l line (commandline -opc)
    set -l typed (commandline -ct)
    set -l found ($line[1] complete -- $line[2..-1] "$typed" 2>/dev/null)
    switch "$found[1]"
        case :file
            __fish_complete_path $typed
        case :folder
            __fish_complete_directories $typed
        case '*'
            printf '%s\n' $found
    end
end
complete -c symbolon -f -a '(__symbolon_complete)'
)script";

// Where the words before the one that is typed lead.
struct Place {
  std::vector<const Command*> path;    // the table and what was chosen below it: the options of each are known here
  std::size_t positional = 0;          // arguments that stand already
  const Argument* awaiting = nullptr;  // the option whose value comes next
};

const Argument* find_option(const Place& place, std::string_view name) {
  for (const Command* const command : place.path) {
    for (const Argument& argument : command->arguments()) {
      if (argument.is_option() && split_name(argument.name).first == name) return &argument;
    }
  }
  return nullptr;
}

const Command* find_subcommand(const Command& command, std::string_view name) {
  const auto found = std::ranges::find(command.subcommands(), name, &Command::name);
  return found == command.subcommands().end() ? nullptr : &*found;
}

void step(Place& place, const std::string& word) {
  if (place.awaiting != nullptr) {
    place.awaiting = nullptr;
  } else if (word.starts_with("-")) {
    const Argument* const option = find_option(place, word);
    if (option != nullptr && !split_name(option->name).second.empty()) place.awaiting = option;
  } else if (const Command* const below = find_subcommand(*place.path.back(), word); below && place.positional == 0) {
    place.path.push_back(below);
  } else {
    ++place.positional;
  }
}

// The positional argument whose turn it is: the last one takes many where it is a list.
const Argument* positional_argument(const Place& place) {
  const Argument* last = nullptr;
  std::size_t left = place.positional;
  for (const Argument& argument : place.path.back()->arguments()) {
    if (argument.is_option()) continue;
    if (left == 0) return &argument;
    --left;
    last = &argument;
  }
  const bool many = last != nullptr && std::holds_alternative<std::vector<std::string>*>(last->target);
  return many ? last : nullptr;
}

void offer(Completion& out, std::string_view typed, std::string text, std::string help) {
  if (text.starts_with(typed)) out.words.push_back({std::move(text), std::move(help)});
}

void offer_values(Completion& out, std::string_view typed, const Argument& argument) {
  const auto [name, value] = split_name(argument.name);
  const std::string_view kind = argument.is_option() ? value : name;
  if (kind == "FILE" || kind == "CHAIN" || kind == "REQUEST" || kind == "KEYSTORE") {
    out.kind = Completion::Kind::file;
  } else if (kind == "DIR") {
    out.kind = Completion::Kind::folder;
  }
  for (const std::string& usual : argument.values) offer(out, typed, usual, argument.help);
}

}  // namespace

Completion complete(const Command& table, const std::vector<std::string>& line) {
  Place place{{&table}};
  Completion out;
  if (line.empty()) return out;
  for (std::size_t i = 0; i + 1 < line.size(); ++i) step(place, line[i]);
  const std::string& typed = line.back();
  if (place.awaiting != nullptr) {
    offer_values(out, typed, *place.awaiting);
    return out;
  }
  if (typed.starts_with("-")) {
    for (auto command = place.path.rbegin(); command != place.path.rend(); ++command) {
      for (const Argument& argument : (*command)->arguments()) {
        if (argument.is_option()) offer(out, typed, split_name(argument.name).first, argument.help);
      }
    }
    offer(out, typed, "--help", "print the page of this command");
    return out;
  }
  if (place.positional == 0) {
    for (const Command& sub : place.path.back()->subcommands()) {
      if (!sub.is_hidden()) offer(out, typed, sub.name(), sub.help());
    }
  }
  if (const Argument* const argument = positional_argument(place)) offer_values(out, typed, *argument);
  return out;
}

std::string to_lines(const Completion& completion) {
  if (completion.kind == Completion::Kind::file) return ":file";
  if (completion.kind == Completion::Kind::folder) return ":folder";
  std::string out;
  for (const Completion::Word& word : completion.words) {
    if (!out.empty()) out += '\n';
    out += word.text + '\t' + word.help;
  }
  return out;
}

Result<std::string> completion_script(std::string_view shell) {
  if (shell == "bash") return std::string(kBash);
  if (shell == "zsh") return std::string(kZsh);
  if (shell == "fish") return std::string(kFish);
  return fail(Code::usage, "'{}' is not a shell that is known here (bash, zsh, fish)", shell);
}

}  // namespace symbolon::cli
