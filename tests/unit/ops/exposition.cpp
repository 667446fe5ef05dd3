#include "exposition.hpp"

#include <cctype>
#include <cmath>
#include <limits>
#include <set>
#include <stdexcept>

namespace headrace::ops {
namespace {

[[noreturn]] void refuse(std::string_view what, std::string_view line) {
    throw std::runtime_error(std::string(what) + ": " + std::string(line));
}

bool is_name_char(char c, bool is_first) {
    return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' || c == ':' ||
           (!is_first && std::isdigit(static_cast<unsigned char>(c)) != 0);
}

/// Reads one line from its front.
class Cursor {
  public:
    explicit Cursor(std::string_view line) : line_(line) {}

    std::string name() {
        std::size_t const begin = at_;
        while (at_ < line_.size() && is_name_char(line_[at_], at_ == begin))
            ++at_;
        if (at_ == begin) refuse("a name is missing", line_);
        return std::string(line_.substr(begin, at_ - begin));
    }
    bool take(char c) {
        if (at_ >= line_.size() || line_[at_] != c) return false;
        ++at_;
        return true;
    }
    void expect(char c) {
        if (!take(c)) refuse(std::string("expected ") + c, line_);
    }
    std::string quoted() {
        expect('"');
        std::string text;
        while (!take('"')) {
            if (at_ >= line_.size()) refuse("a quote is missing", line_);
            char c = line_[at_++];
            if (c == '\\') {
                if (at_ >= line_.size()) refuse("an escape is cut", line_);
                c = line_[at_++];
                if (c == 'n') {
                    c = '\n';
                } else if (c != '\\' && c != '"') {
                    refuse("an escape that does not exist", line_);
                }
            }
            text += c;
        }
        return text;
    }
    std::string_view rest() const { return line_.substr(at_); }

  private:
    std::string_view line_;
    std::size_t at_ = 0;
};

double parse_value(std::string_view text, std::string_view line) {
    if (text == "+Inf") return std::numeric_limits<double>::infinity();
    if (text == "-Inf") return -std::numeric_limits<double>::infinity();
    if (text == "NaN" || text == "Nan") return std::nan("");
    std::string const number(text);
    std::size_t used = 0;
    double const value = std::stod(number, &used);
    if (used != number.size()) refuse("a value that is no number", line);
    return value;
}

Sample parse_sample(std::string_view line) {
    Cursor cursor(line);
    Sample sample;
    sample.name = cursor.name();
    if (cursor.take('{')) {
        while (!cursor.take('}')) {
            if (!sample.labels.empty()) cursor.expect(',');
            std::string const name = cursor.name();
            cursor.expect('=');
            if (!sample.labels.emplace(name, cursor.quoted()).second) {
                refuse("a label stands twice", line);
            }
        }
    }
    cursor.expect(' ');
    sample.value = parse_value(cursor.rest(), line);
    return sample;
}

/// The family that a sample of this name belongs to.
std::string family_of(std::string const& name, std::map<std::string, MetricFamilyText> const& all) {
    for (std::string_view const suffix : {"_bucket", "_sum", "_count"}) {
        if (!name.ends_with(suffix)) continue;
        std::string const base = name.substr(0, name.size() - suffix.size());
        auto const at = all.find(base);
        if (at != all.end() && at->second.type == "histogram") return base;
    }
    return name;
}

void check_histogram(std::string const& name, MetricFamilyText const& family) {
    std::map<std::map<std::string, std::string>, std::vector<Sample>> buckets;
    std::map<std::map<std::string, std::string>, double> counts;
    for (auto const& sample : family.samples) {
        auto labels = sample.labels;
        labels.erase("le");
        if (sample.name == name + "_bucket") buckets[labels].push_back(sample);
        if (sample.name == name + "_count") counts[labels] = sample.value;
    }
    if (buckets.size() != counts.size()) refuse("a histogram without its count", name);
    for (auto const& [labels, series] : buckets) {
        double bound = -std::numeric_limits<double>::infinity();
        double before = 0;
        for (auto const& sample : series) {
            double const le = parse_value(sample.labels.at("le"), name);
            if (le <= bound || sample.value < before) refuse("buckets out of order", name);
            bound = le;
            before = sample.value;
        }
        if (!std::isinf(bound) || before != counts.at(labels))
            refuse("+Inf is not the count", name);
    }
}

}  // namespace

std::optional<double> Exposition::find(std::string const& name,
                                       std::map<std::string, std::string> const& labels) const {
    for (auto const& [family, text] : families) {
        for (auto const& sample : text.samples) {
            if (sample.name == name && sample.labels == labels) return sample.value;
        }
    }
    return std::nullopt;
}

Exposition parse_exposition(std::string_view text) {
    Exposition out;
    std::set<std::pair<std::string, std::map<std::string, std::string>>> seen;
    std::string current;
    if (!text.ends_with('\n')) refuse("the last line is not ended", "");
    while (!text.empty()) {
        auto const end = text.find('\n');
        std::string_view const line = text.substr(0, end);
        text.remove_prefix(end + 1);
        bool const is_help = line.starts_with("# HELP ");
        if (is_help || line.starts_with("# TYPE ")) {
            Cursor cursor(line.substr(7));
            std::string const name = cursor.name();
            cursor.expect(' ');
            auto& family = out.families[name];
            if (!family.samples.empty()) refuse("a family in two places", line);
            auto& field = is_help ? family.help : family.type;
            if (!field.empty()) refuse("said twice", line);
            field = cursor.rest();
            current = name;
        } else {
            Sample sample = parse_sample(line);
            if (family_of(sample.name, out.families) != current) refuse("a stray sample", line);
            if (!seen.emplace(sample.name, sample.labels).second) refuse("a sample twice", line);
            out.families[current].samples.push_back(std::move(sample));
        }
    }
    for (auto const& [name, family] : out.families) {
        if (family.type == "histogram") check_histogram(name, family);
        if (family.help.empty() || family.type.empty()) refuse("no help or type", name);
    }
    return out;
}

}  // namespace headrace::ops
