// A proof, for people, for programs, and for what reads JUnit's XML.
#pragma once

#include <string>
#include <string_view>

#include "prove/suite.h"

namespace symbolon::prove {

// One line a case, the remedy below what failed, the score last. README.md lists the members of the JSON.
std::string to_text(const Proof& proof);
std::string to_json(const Proof& proof);
// A <testsuite> with a <testcase> each, the control among them: <failure> for fail, <error> for unclear, <skipped> for
// not run.
std::string to_junit(const Proof& proof);

// The table of the cases, as --list prints it.
std::string cases_text();
std::string cases_json();

// For attributes and text of XML 1.0: what may not stand there is escaped, or, where XML has no way to write it, shown
// as \xHH.
std::string xml_escaped(std::string_view text);

}  // namespace symbolon::prove
