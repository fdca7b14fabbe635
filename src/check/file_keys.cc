#include <fmt/format.h>

#include <algorithm>

#include "check/file_findings.h"
#include "check/file_words.h"
#include "crypto/key_file.h"

namespace symbolon::check {
namespace {

// What a certificate or a request holds; null: it is neither.
const crypto::PublicKey* held_by(const FileObject& object) {
  if (const auto* certificate = object.get<x509::Certificate>()) return &certificate->public_key();
  if (const auto* request = object.get<x509::CertificateRequest>()) return &request->public_key();
  return nullptr;
}

const crypto::PublicKey* opened(const FileObject& object) {
  const auto* key = object.get<SeenKey>();
  return key != nullptr && key->is_private && key->key ? &*key->key : nullptr;
}

bool has_pair(const FileReport& report, std::size_t object) {
  return std::ranges::any_of(report.pairs,
                             [&](const KeyPair& pair) { return pair.key == object || pair.holder == object; });
}

std::string pin(const crypto::PublicKey& key) { return to_hex(key.spki_sha256()).substr(0, 16); }

void find_pairs(FileJudgement& judgement) {
  const auto& objects = judgement.seen.objects;
  for (std::size_t key = 0; key < objects.size(); ++key) {
    const crypto::PublicKey* const own = opened(objects[key]);
    if (own == nullptr) continue;
    for (std::size_t holder = 0; holder < objects.size(); ++holder) {
      const crypto::PublicKey* const held = held_by(objects[holder]);
      if (held != nullptr && crypto::same_key(*own, *held)) judgement.report.pairs.push_back({key, holder});
    }
  }
}

// A leaf or a request that no key of these belongs to; null: there is none.
const FileObject* without_key(const FileJudgement& judgement) {
  const auto& objects = judgement.seen.objects;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    const auto* certificate = objects[i].get<x509::Certificate>();
    const bool leaf = certificate != nullptr ? !certificate->is_ca() : held_by(objects[i]) != nullptr;
    if (leaf && !has_pair(judgement.report, i)) return &objects[i];
  }
  return nullptr;
}

std::string mismatch_remedy(const FileJudgement& judgement, const FileObject& key, const FileObject& holder) {
  const std::string_view show = holder.get<x509::Certificate>() != nullptr ? "x509" : "req";
  return fmt::format(
      "find the key that was made with it, whose public key is the same: openssl {} -in {} -noout -pubkey; openssl "
      "pkey -in {} -pubout",
      show, shell_word(judgement.file_name(holder)), shell_word(judgement.file_name(key)));
}

void judge_lone_keys(FileJudgement& judgement) {
  const auto& objects = judgement.seen.objects;
  const auto holder =
      std::ranges::find_if(objects, [](const FileObject& object) { return held_by(object) != nullptr; });
  if (holder == objects.end()) return;
  const FileObject* const missed = judgement.report.pairs.empty() ? &*holder : without_key(judgement);
  for (std::size_t i = 0; i < objects.size(); ++i) {
    const crypto::PublicKey* const own = opened(objects[i]);
    if (own == nullptr || has_pair(judgement.report, i)) continue;
    if (missed == nullptr) {
      judgement.note(fmt::format("{}: nothing else here belongs to this key", place_of(judgement.seen, objects[i])));
      continue;
    }
    judgement.find(
        objects[i], Code::key_mismatch,
        fmt::format("its public key is {} ({}...), that of {} is {} ({}...)", own->description(), pin(*own),
                    place_of(judgement.seen, *missed), held_by(*missed)->description(), pin(*held_by(*missed))),
        mismatch_remedy(judgement, objects[i], *missed));
  }
}

// Programs take the first key of a PEM file.
void judge_order_of_keys(FileJudgement& judgement) {
  const auto& objects = judgement.seen.objects;
  for (std::size_t file = 0; file < judgement.seen.files.size(); ++file) {
    if (judgement.seen.files[file].form != "PEM") continue;
    std::vector<std::size_t> keys;
    for (std::size_t i = 0; i < objects.size(); ++i) {
      if (objects[i].file == file && opened(objects[i]) != nullptr) keys.push_back(i);
    }
    if (keys.size() < 2) continue;
    if (has_pair(judgement.report, keys.front()) || !has_pair(judgement.report, keys[1])) {
      judgement.note(fmt::format("{}: it holds {} keys; programs take the first", place_of(judgement.seen.files[file]),
                                 keys.size()));
      continue;
    }
    judgement.find(
        objects[keys.front()], Code::key_mismatch,
        fmt::format("it is the first of {} keys in the file, which programs take, and belongs to nothing here",
                    keys.size()),
        fmt::format("remove it: sed -i '{},{}d' {}", objects[keys.front()].line, objects[keys.front()].last_line,
                    shell_word(judgement.seen.files[file].name)));
  }
}

}  // namespace

void judge_keys(FileJudgement& judgement) {
  find_pairs(judgement);
  judge_lone_keys(judgement);
  judge_order_of_keys(judgement);
}

}  // namespace symbolon::check
