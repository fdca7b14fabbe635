// What explaining files gathers, and what its parts share.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "check/file_report.h"

namespace symbolon::check {

struct FileJudgement {
  const FileObservation& seen;
  UnixSeconds now;
  const x509::TrustBundle* trust;  // null: none was named
  FileReport report = {};

  void find(const FileObject& object, Code code, std::string words, std::string remedy = {},
            Certainty certainty = Certainty::proven);
  void find_in_file(const SeenFile& file, int line, Code code, std::string words, std::string remedy = {});
  void note(std::string words) { report.notes.push_back(std::move(words)); }
  const std::string& file_name(const FileObject& object) const { return seen.files[object.file].name; }
};

// Whose certificate it is meant to be: by extendedKeyUsage; where that leaves it open, a server's if it names a host.
PeerRole role_of(const x509::Certificate& certificate);

// Each object for itself (file_explain.cc).
void judge_objects(FileJudgement& judgement);
// Keys and what belongs to them (file_keys.cc).
void judge_keys(FileJudgement& judgement);
// Certificates and those above them (file_chain.cc).
void judge_chains(FileJudgement& judgement);
// Lists and certificates (file_crl_judgement.cc).
void judge_crls(FileJudgement& judgement);

}  // namespace symbolon::check
