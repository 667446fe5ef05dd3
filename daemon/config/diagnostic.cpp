#include "config/diagnostic.hpp"

#include "base/utf8.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

namespace headrace::config {
namespace {

/// Longer words are not compared: no key is that long, and the comparison is quadratic.
constexpr std::size_t word_bytes_max = 64;
/// What a message shows of a value.
constexpr std::size_t shown_bytes_max = 60;

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Edits (insert, delete, replace, swap neighbours) between two words, without regard to case.
std::size_t edit_distance(std::string_view left, std::string_view right) {
    std::vector<std::size_t> before_last(right.size() + 1);
    std::vector<std::size_t> last(right.size() + 1);
    std::vector<std::size_t> row(right.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= left.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= right.size(); ++j) {
            bool const same = lower(left[i - 1]) == lower(right[j - 1]);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0U : 1U)});
            if (i > 1 && j > 1 && lower(left[i - 1]) == lower(right[j - 2]) &&
                lower(left[i - 2]) == lower(right[j - 1])) {
                row[j] = std::min(row[j], before_last[j - 2] + 1);
            }
        }
        std::swap(before_last, last);
        std::swap(last, row);
    }
    return last[right.size()];
}

}  // namespace

std::string Diagnostic::text() const {
    auto text = file + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) + ": ";
    if (!path.empty()) text += path + ": ";
    return text + message;
}

void DiagnosticList::add(Position at, std::string path, std::string message) {
    if (diagnostics_.size() >= diagnostics_max) {
        ++left_out_;
        return;
    }
    diagnostics_.push_back({file_, at, std::move(path), std::move(message)});
}

std::vector<Diagnostic> DiagnosticList::take() {
    std::stable_sort(diagnostics_.begin(), diagnostics_.end(),
                     [](Diagnostic const& left, Diagnostic const& right) {
                         return std::tie(left.at.line, left.at.column) <
                                std::tie(right.at.line, right.at.column);
                     });
    if (left_out_ > 0) {
        diagnostics_.push_back({file_,
                                diagnostics_.back().at,
                                {},
                                std::to_string(left_out_) + " more errors are not listed"});
    }
    left_out_ = 0;
    return std::exchange(diagnostics_, {});
}

std::string nearest(std::string_view word, std::vector<std::string_view> const& candidates) {
    if (word.empty() || word.size() > word_bytes_max) return {};
    std::string_view best;
    std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
    for (auto const candidate : candidates) {
        if (candidate.size() > word_bytes_max) continue;
        auto const distance = edit_distance(word, candidate);
        // One is a part of the other: size for batch_size, warning for warn.
        bool const is_part = std::min(word.size(), candidate.size()) >= 4 &&
                             (candidate.find(word) != std::string_view::npos ||
                              word.find(candidate) != std::string_view::npos);
        auto const rank = is_part ? std::min<std::size_t>(distance, 1) : distance;
        if (rank < best_distance) {
            best = candidate;
            best_distance = rank;
        }
    }
    return std::string(best);
}

std::string did_you_mean(std::string_view word, std::vector<std::string_view> const& candidates) {
    auto const near = nearest(word, candidates);
    return near.empty() ? near : " (did you mean " + near + "?)";
}

std::string in_quotes(std::string_view text) {
    std::string shown = "\"";
    std::size_t at = 0;
    while (at < text.size() && shown.size() <= shown_bytes_max) {
        auto const length = utf8_length(text, at);
        bool const printable = length > 1 || (length == 1 && text[at] >= ' ' && text[at] != 0x7f);
        shown += printable ? std::string(text.substr(at, length)) : "?";
        at += std::max<std::size_t>(length, 1);
    }
    return shown + (at < text.size() ? "…\"" : "\"");
}

}  // namespace headrace::config
