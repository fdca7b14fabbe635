#include "base/testing/source_folder.h"

namespace symbolon {

const char* const kSourceFolder = SYMBOLON_SOURCE_DIR;

}  // namespace symbolon
