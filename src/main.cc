#include "cli/cli.h"

int main(int count, char** arguments) { return symbolon::cli::run({arguments + 1, arguments + count}); }
