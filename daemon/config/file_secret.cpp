#include "config/file_secret.hpp"

#include <utility>

namespace headrace::config {

FileSecret::FileSecret(Settings settings, Environment environment)
    : settings_(std::move(settings)),
      key_(settings_.key),
      environment_(std::move(environment)),
      value_(settings_.value) {}

std::string FileSecret::get() const {
    std::lock_guard const lock(mutex_);
    return value_;
}

void FileSecret::read_into(std::string& out) const {
    std::lock_guard const lock(mutex_);
    out = value_;
}

std::vector<std::string> FileSecret::files() const {
    std::vector<std::string> paths;
    for (auto const& part : settings_.parts) {
        if (part.kind == Piece::Kind::file) paths.push_back(part.text);
    }
    return paths;
}

Result<std::string> FileSecret::read() const {
    auto value = render(settings_.parts, environment_);
    if (!value) return value;
    if (auto const checked = settings_.check(*value); !checked) {
        return checked.error().with_prefix("its new content ");
    }
    return value;
}

bool FileSecret::poll(std::function<void(std::string const&)> const& warn) {
    auto read_now = read();
    std::string warning;
    bool changed = false;
    {
        std::lock_guard const lock(mutex_);
        if (!read_now) {
            auto text =
                key_ + ": " + read_now.error().message + "; the value of before stays in use";
            if (text != last_warning_) warning = text;
            last_warning_ = std::move(text);
        } else {
            last_warning_.clear();
            changed = value_ != *read_now;
            if (changed) value_ = std::move(read_now).value();
        }
    }
    if (!warning.empty()) warn(warning);
    return changed;
}

}  // namespace headrace::config
