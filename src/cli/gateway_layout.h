// What a gateway keeps in the state folder.
#pragma once

#include "base/file.h"

namespace symbolon::cli {

struct GatewayLayout {
  Path state;
  Path folder() const { return state / "gateway"; }
  Path socket() const { return folder() / "gateway.sock"; }
  Path seen() const { return folder() / "seen.ndjson"; }
  Path crls() const { return folder() / "crls"; }
  Path revocations() const { return folder() / "revocations.journal"; }
  // Makes the folder, and the state where there is none. Fails with file_unwritable.
  Status make() const {
    TRY(make_folder(state, 0700));
    return make_folder(folder(), 0700);
  }
};

}  // namespace symbolon::cli
