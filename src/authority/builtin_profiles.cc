// The profiles that are there before anybody configures one. docs/decisions tells why the lifetimes are what they are.
#include "authority/profile.h"

namespace symbolon::authority {
namespace {

using crypto::KeyType;
using x509::NameKind;

constexpr std::string_view kServer = x509::eku::kServerAuth;
constexpr std::string_view kClient = x509::eku::kClientAuth;

std::vector<KeyType> every_key() {
  const auto all = crypto::all_key_types();
  return {all.begin(), all.end()};
}

std::vector<NameRule> any_of_kinds(std::initializer_list<NameKind> kinds) {
  std::vector<NameRule> out;
  for (const NameKind kind : kinds) out.push_back({.kind = kind});
  return out;
}

Profile server() {
  return {.name = "server",
          .when = "a service that clients connect to over TLS: its DNS names and addresses",
          .extended_key_usage = {std::string(kServer)},
          .names = any_of_kinds({NameKind::dns, NameKind::ip}),
          .least_names = 1,
          .common_name = CommonName::first_name,
          .subject = {},
          .lifetime = kDay * 90,
          .longest = kDay * 825,  // what Apple's systems accept at most of private CAs
          .keys = every_key(),
          .take = {.names = true, .common_name = true}};
}

Profile client() {
  return {.name = "client",
          .when = "a program that connects to services: a name, or a DNS name, URI or e-mail address",
          .extended_key_usage = {std::string(kClient)},
          .names = any_of_kinds({NameKind::dns, NameKind::ip, NameKind::email, NameKind::uri}),
          .common_name = CommonName::free,
          .subject = {},
          .lifetime = kDay * 90,
          .longest = kDay * 825,
          .keys = every_key(),
          .take = {.names = true, .common_name = true}};
}

Profile person() {
  return {.name = "person",
          .when = "somebody with a browser or a laptop: an e-mail address and a name",
          .extended_key_usage = {std::string(kClient)},
          .names = any_of_kinds({NameKind::email}),
          .least_names = 1,
          .common_name = CommonName::free,
          .subject = {},
          .lifetime = kDay * 365,
          .longest = kDay * 825,
          // No Ed25519: neither browsers nor the key stores of the systems take it.
          .keys = {KeyType::p256, KeyType::p384, KeyType::rsa2048, KeyType::rsa3072, KeyType::rsa4096},
          .take = {.names = true, .common_name = true}};
}

Profile device() {
  return {.name = "device",
          .when = "a machine in the field that connects home: its identifier; long-lived, for bad clocks and networks",
          .extended_key_usage = {std::string(kClient)},
          .names = any_of_kinds({NameKind::dns, NameKind::ip, NameKind::uri}),
          .common_name = CommonName::free,
          .subject = {},
          .lifetime = kDay * 365,
          .longest = kDay * 365 * 5,
          .keys = every_key(),
          .take = {.names = true, .common_name = true}};
}

Profile workload() {
  return {.name = "workload",
          .when = "a service that is client and server to others: exactly one spiffe:// URI (X.509-SVID), short-lived",
          .extended_key_usage = {std::string(kServer), std::string(kClient)},
          .names = any_of_kinds({NameKind::uri, NameKind::dns}),
          .least_names = 1,
          .common_name = CommonName::none,
          .subject = {},
          .lifetime = kDay,
          .longest = kDay * 90,
          .keys = every_key(),
          .take = {.names = true, .common_name = false},
          .svid = true};
}

Profile gateway() {
  return {.name = "gateway",
          .when = "symbolon's own gateway: server towards clients, client towards the authority and backends",
          .extended_key_usage = {std::string(kServer), std::string(kClient)},
          .names = any_of_kinds({NameKind::dns, NameKind::ip, NameKind::uri}),
          .least_names = 1,
          .common_name = CommonName::first_name,
          .subject = {},
          .lifetime = kDay * 30,
          .longest = kDay * 398,
          .keys = every_key(),
          .take = {.names = true, .common_name = true}};
}

Profile admin() {
  return {.name = "admin",
          .when = "whoever may issue and revoke over the network: a name or an e-mail address",
          .extended_key_usage = {std::string(kClient)},
          .names = any_of_kinds({NameKind::email, NameKind::uri}),
          .common_name = CommonName::free,
          .subject = {},
          .lifetime = kDay * 365,
          .longest = kDay * 398,
          .keys = every_key(),
          // Rights are given by whoever asks for the certificate, not by what the request says of itself.
          .take = {}};
}

Profile ocsp() {
  return {.name = "ocsp",
          .when =
              "a responder that answers about revocation in the CA's name (RFC 6960); short-lived, for nobody asks "
              "about it",
          .extended_key_usage = {std::string(x509::eku::kOcspSigning)},
          .names = {},
          .common_name = CommonName::free,
          .subject = {},
          .lifetime = kDay * 30,
          .longest = kDay * 90,
          .keys = every_key(),
          .take = {},
          .ocsp_no_check = true};
}

}  // namespace

ProfileSet builtin_profiles(std::string_view organization) {
  ProfileSet out;
  for (Profile profile : {server(), client(), person(), device(), workload(), gateway(), admin(), ocsp()}) {
    if (profile.common_name != CommonName::none) {
      if (!organization.empty()) profile.subject.push_back({"O", std::string(organization)});
      profile.subject.push_back({"CN", "{name}"});
    }
    std::string name = profile.name;
    out.emplace(std::move(name), std::move(profile));
  }
  return out;
}

}  // namespace symbolon::authority
