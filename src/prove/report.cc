#include "prove/report.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/utf8.h"
#include "prove/cases.h"

namespace symbolon::prove {
namespace {

namespace json = boost::json;

std::string shown(std::string_view text) { return escaped(text, LineBreaks::escape); }

std::string_view mark(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass: return "pass";
    case Verdict::fail: return "FAIL";
    case Verdict::unclear: return "unclear";
    case Verdict::not_run: return "not run";
  }
  return "unclear";
}

std::string line_of(const CaseResult& result) {
  return fmt::format("{:<8} {:<28} {}\n", mark(result.verdict), result.id, shown(result.words));
}

json::object result_json(const CaseResult& result) {
  json::object out{{"id", result.id},
                   {"verdict", name(result.verdict)},
                   {"code", result.verdict == Verdict::fail ? json::value(name(kFailureCode)) : json::value(nullptr)},
                   {"words", shown(result.words)},
                   {"milliseconds", result.took.count()}};
  if (const Case* const about = find_case(result.id)) {
    out["does"] = about->does;
    out["right"] = about->right;
    out["section"] = about->section;
    out["remedy"] = about->mends;
  }
  return out;
}

std::string seconds(std::chrono::milliseconds span) {
  return fmt::format("{}.{:03}", span.count() / 1000, span.count() % 1000);
}

std::string junit_case(const CaseResult& result) {
  std::string inside;
  const std::string words = xml_escaped(result.words);
  const Case* const about = find_case(result.id);
  switch (result.verdict) {
    case Verdict::pass: break;
    case Verdict::fail:
      inside = fmt::format("<failure type=\"{}\" message=\"{}\">{}</failure>", name(kFailureCode), words,
                           xml_escaped(about != nullptr ? about->mends : std::string_view()));
      break;
    case Verdict::unclear: inside = fmt::format("<error type=\"unclear\" message=\"{}\"/>", words); break;
    case Verdict::not_run: inside = fmt::format("<skipped message=\"{}\"/>", words); break;
  }
  return fmt::format("    <testcase classname=\"symbolon.prove\" name=\"{}\" time=\"{}\">{}</testcase>\n", result.id,
                     seconds(result.took), inside);
}

}  // namespace

std::string to_text(const Proof& proof) {
  std::string out = fmt::format("{} (server name {})\n", proof.endpoint,
                                proof.server_name.empty() ? "none" : shown(proof.server_name));
  out += line_of(proof.control);
  for (const CaseResult& result : proof.results) {
    out += line_of(result);
    const Case* const about = find_case(result.id);
    if (result.verdict == Verdict::fail && about != nullptr) {
      out += fmt::format("{:>9}{} ({}) -> {}\n", "", name(kFailureCode), about->section, about->mends);
    }
  }
  if (proof.control.verdict == Verdict::pass) out += score(proof.results).text() + "\n";
  return out;
}

std::string to_json(const Proof& proof) {
  const Score all = score(proof.results);
  json::array cases;
  for (const CaseResult& result : proof.results) cases.emplace_back(result_json(result));
  const json::object out{
      {"endpoint", proof.endpoint},
      {"server_name", proof.server_name},
      {"time", to_rfc3339(proof.at)},
      {"reachable", proof.reachable},
      {"control", result_json(proof.control)},
      {"passed", all.passed},
      {"run", all.run},
      {"not_run", all.not_run},
      {"exit", proof.exit_status()},
      {"cases", std::move(cases)},
  };
  return json::serialize(out) + "\n";
}

std::string to_junit(const Proof& proof) {
  std::vector<CaseResult> all = {proof.control};
  all.insert(all.end(), proof.results.begin(), proof.results.end());
  std::size_t failures = 0;
  std::size_t errors = 0;
  std::size_t skipped = 0;
  std::chrono::milliseconds took{0};
  std::string cases;
  for (const CaseResult& result : all) {
    failures += result.verdict == Verdict::fail ? 1 : 0;
    errors += result.verdict == Verdict::unclear ? 1 : 0;
    skipped += result.verdict == Verdict::not_run ? 1 : 0;
    took += result.took;
    cases += junit_case(result);
  }
  const std::string counts = fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{}\"",
                                         all.size(), failures, errors, skipped, seconds(took));
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {0}>\n  <testsuite name=\"symbolon prove {1}\" {0} "
      "timestamp=\"{2}\">\n{3}  </testsuite>\n</testsuites>\n",
      counts, xml_escaped(proof.endpoint), to_rfc3339(proof.at), cases);
}

std::string cases_text() {
  std::string out;
  for (const Case& one : all_cases()) {
    out += fmt::format("{:<28} {}; a right endpoint {} ({})\n", one.id, one.does, one.right, one.section);
  }
  return out;
}

std::string cases_json() {
  json::array out;
  for (const Case& one : all_cases()) {
    out.emplace_back(json::object{
        {"id", one.id}, {"does", one.does}, {"right", one.right}, {"section", one.section}, {"remedy", one.mends}});
  }
  return json::serialize(out) + "\n";
}

std::string xml_escaped(std::string_view text) {
  std::string out;
  for (const char c : escaped(text, LineBreaks::escape)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&apos;"; break;
      default: out += c;
    }
  }
  return out;
}

}  // namespace symbolon::prove
