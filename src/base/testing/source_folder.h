// Where the sources lie, for tests that read files beside them.
#pragma once

namespace symbolon {

extern const char* const kSourceFolder;

}  // namespace symbolon
