// Counting pixels by unit, concept and the levels that the unit exceeds there: see histogram.py.
//
// The pixels between the same four places of a map form a cell. Their values lie between those of the four places, so
// levels outside these need no look at a pixel, and a cell in which a unit is silent costs nothing. Within a cell pixels
// are sorted by what all categories say of them together, their kind: a unit's value is compared once, however many
// categories there are, and counts stay in a register while the pixels of a kind pass by.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <unordered_map>
#include <vector>

// Products are rounded before they are added, as PyTorch's are: or a value could fall on another side of a level.
#if defined(__clang__)
#pragma clang fp contract(off)
#else
#pragma GCC optimize("fp-contract=off")
#endif

namespace {

constexpr int64_t kLevels = 16;    // compared at once
constexpr int64_t kStretch = 256;  // pixels interpolated at once
constexpr int64_t kPixelsOfKind = 64;  // what a kind costs, in pixels

typedef float Levels __attribute__((vector_size(4 * kLevels), aligned(4), may_alias));
typedef int32_t Counts __attribute__((vector_size(4 * kLevels), aligned(4), may_alias));

// Pixels of one kind in one cell: their shares of the way between the cell's places lie from `first` on.
struct Segment {
    int64_t first, count, kind;
};

struct Cell {
    int64_t row, column;  // of its upper left place
    int64_t first, last;  // of its segments
};

// The pixels of a picture by cell and by kind, as some of the categories tell them apart.
struct Picture {
    std::vector<float> x, y;
    std::vector<Segment> segments;
    std::vector<Cell> cells;
    std::vector<int32_t> kind;                 // of every pixel
    std::vector<std::vector<int32_t>> labels;  // of every kind: 1 + concept, or 0, by category
    std::vector<int64_t> pixels;               // of every kind
};

// Along one axis: before which place each pixel lies, and its share of the way to the next.
struct Axis {
    const int64_t* before;
    const float* share;
    int64_t pixels;

    int64_t end_of_cell(int64_t pixel) const {
        int64_t end = pixel + 1;
        while (end < pixels && before[end] == before[pixel]) ++end;
        return end;
    }
};

// Tell kinds apart by one category more; says no, and changes nothing, where that makes more of them than wanted.
bool refine(const int32_t* plane, size_t most, Picture& picture) {
    std::unordered_map<int64_t, int32_t> known;
    std::vector<std::vector<int32_t>> labels;
    std::vector<int32_t> kind(picture.kind.size());
    int64_t last = -1;
    int32_t number = 0;
    for (size_t pixel = 0; pixel < kind.size(); ++pixel) {
        const int64_t key = (static_cast<int64_t>(picture.kind[pixel]) << 32) | plane[pixel];
        if (key != last) {
            const auto found = known.emplace(key, static_cast<int32_t>(labels.size()));
            if (found.second) {
                if (labels.size() == most) return false;
                labels.push_back(picture.labels[picture.kind[pixel]]);
                labels.back().push_back(plane[pixel]);
            }
            number = found.first->second;
            last = key;
        }
        kind[pixel] = number;
    }
    picture.kind.swap(kind);
    picture.labels.swap(labels);
    return true;
}

// Put the pixels of each cell in the order of their kinds.
void sort_into_cells(const Axis& down, const Axis& along, Picture& picture) {
    const std::vector<int32_t>& kind = picture.kind;
    picture.x.resize(kind.size());
    picture.y.resize(kind.size());
    picture.pixels.assign(picture.labels.size(), 0);
    std::vector<int64_t> place(picture.labels.size(), 0);
    std::vector<int32_t> seen;
    int64_t next = 0;
    for (int64_t top = 0, bottom; top < down.pixels; top = bottom) {
        bottom = down.end_of_cell(top);
        for (int64_t left = 0, right; left < along.pixels; left = right) {
            right = along.end_of_cell(left);
            seen.clear();
            for (int64_t y = top; y < bottom; ++y)
                for (int64_t x = left; x < right; ++x)
                    if (place[kind[y * along.pixels + x]]++ == 0) seen.push_back(kind[y * along.pixels + x]);
            const int64_t first = static_cast<int64_t>(picture.segments.size());
            for (const int32_t each : seen) {
                picture.segments.push_back({next, place[each], each});
                picture.pixels[each] += place[each];
                const int64_t count = place[each];
                place[each] = next;
                next += count;
            }
            for (int64_t y = top; y < bottom; ++y)
                for (int64_t x = left; x < right; ++x) {
                    const int64_t pixel = place[kind[y * along.pixels + x]]++;
                    picture.x[pixel] = along.share[x];
                    picture.y[pixel] = down.share[y];
                }
            for (const int32_t each : seen) place[each] = 0;
            picture.cells.push_back(
                {down.before[top], along.before[left], first, static_cast<int64_t>(picture.segments.size())});
        }
    }
}

// All categories, in as few groups as have not too many kinds: a kind costs as much as a number of pixels do.
std::vector<Picture> group(const int32_t* masks, int64_t categories, const Axis& down, const Axis& along) {
    const int64_t pixels = down.pixels * along.pixels;
    const auto most = static_cast<size_t>(std::max<int64_t>(pixels / kPixelsOfKind, kLevels));
    std::vector<Picture> groups;
    for (int64_t category = 0; category < categories; ++category) {
        const int32_t* plane = masks + category * pixels;
        if (groups.empty() || !refine(plane, most, groups.back())) {
            groups.emplace_back();
            groups.back().kind.assign(pixels, 0);
            groups.back().labels = {std::vector<int32_t>(category, 0)};  // of the categories that other groups have
            refine(plane, SIZE_MAX, groups.back());
        }
    }
    for (Picture& picture : groups) sort_into_cells(down, along, picture);
    return groups;
}

// Levels below a value; levels ascend.
inline int64_t below(const float* levels, int64_t count, float value) {
    return std::lower_bound(levels, levels + count, value) - levels;
}

// Add to `above`, for levels lo to hi, how many values exceed each. There is room for kLevels more beyond the last.
inline void count_above(const float* values, int64_t count, const float* levels, int64_t lo, int64_t hi,
                        int32_t* above) {
    for (int64_t level = lo; level < hi; level += kLevels) {
        const Levels limits = *reinterpret_cast<const Levels*>(levels + level);
        Counts counts = *reinterpret_cast<const Counts*>(above + level);
        for (int64_t place = 0; place < count; ++place) counts -= limits < values[place];
        *reinterpret_cast<Counts*>(above + level) = counts;
    }
}

// One unit on one picture.
class Counter {
public:
    Counter(int64_t edges) : edges_(edges), levels_(edges + kLevels, __builtin_inff()), bins_(edges + 1) {}

    void set_levels(const float* edges) { std::copy(edges, edges + edges_, levels_.begin()); }

    void count(const float* map, int64_t rows, int64_t columns, const Picture& picture) {
        stride_ = edges_ + kLevels;
        above_.assign(picture.labels.size() * stride_, 0);
        for (const Cell& cell : picture.cells) {
            const int64_t lower = std::min(cell.row + 1, rows - 1), right = std::min(cell.column + 1, columns - 1);
            const float corners[4] = {map[cell.row * columns + cell.column], map[cell.row * columns + right],
                                      map[lower * columns + cell.column], map[lower * columns + right]};
            count_cell(corners, cell, picture);
        }
    }

    void count_places(const float* map, int64_t places) {
        stride_ = edges_ + kLevels;
        above_.assign(stride_, 0);
        count_above(map, places, levels_.data(), 0, edges_, above_.data());
    }

    // Pixels of a kind by bin, of so many.
    const int32_t* bins_of(int64_t kind, int64_t pixels) {
        const int32_t* above = above_.data() + kind * stride_;
        bins_[0] = static_cast<int32_t>(pixels) - above[0];
        for (int64_t bin = 1; bin < edges_; ++bin) bins_[bin] = above[bin - 1] - above[bin];
        bins_[edges_] = above[edges_ - 1];
        return bins_.data();
    }

private:
    void count_cell(const float* corners, const Cell& cell, const Picture& picture) {
        const float least = std::min(std::min(corners[0], corners[1]), std::min(corners[2], corners[3]));
        const float most = std::max(std::max(corners[0], corners[1]), std::max(corners[2], corners[3]));
        // Between places that differ, rounding may lead a little beyond them; between equal ones it does not.
        const float slack = least < most ? std::max(most, -least) * 1e-6f : 0.0f;
        const int64_t hi = below(levels_.data(), edges_, most + slack);
        if (hi == 0) return;
        const int64_t lo = below(levels_.data(), hi, least - slack);
        for (int64_t number = cell.first; number < cell.last; ++number) {
            const Segment& segment = picture.segments[number];
            int32_t* above = above_.data() + segment.kind * stride_;
            for (int64_t level = 0; level < lo; ++level) above[level] += static_cast<int32_t>(segment.count);
            if (lo < hi) count_segment(corners, segment, picture, lo, hi, above);
        }
    }

    void count_segment(const float* corners, const Segment& segment, const Picture& picture, int64_t lo, int64_t hi,
                       int32_t* above) {
        const float upper = corners[1] - corners[0], lower = corners[3] - corners[2];
        float values[kStretch];
        for (int64_t start = 0; start < segment.count; start += kStretch) {
            const int64_t count = std::min(kStretch, segment.count - start);
            const float* x = picture.x.data() + segment.first + start;
            const float* y = picture.y.data() + segment.first + start;
#pragma omp simd
            for (int64_t pixel = 0; pixel < count; ++pixel) {
                const float top = corners[0] + x[pixel] * upper;
                const float bottom = corners[2] + x[pixel] * lower;
                values[pixel] = top + y[pixel] * (bottom - top);
            }
            count_above(values, count, levels_.data(), lo, hi, above);
        }
    }

    int64_t edges_, stride_ = 0;
    std::vector<float> levels_;
    std::vector<int32_t> bins_, above_;
};

inline void add(int64_t* total, const int32_t* bins, int64_t count) {
#pragma omp simd
    for (int64_t bin = 0; bin < count; ++bin) total[bin] += bins[bin];
}

}  // namespace

// maps: batch × units × rows × columns; masks: batch × categories × height × width; is_labelled: batch × categories;
// half: batch; edges: units × edges; above, y: height; left, x: width; shown: halves × units × concepts × bins;
// labelled: halves × units × categories × bins; pixels: halves × units × bins.
extern "C" void rivalry_count_pixels(const float* maps, const int32_t* masks, const bool* is_labelled,
                                     const int64_t* half, const float* edges, const int64_t* above, const float* y,
                                     const int64_t* left, const float* x,
                                     int64_t* shown, int64_t* labelled, int64_t* pixels, int64_t batch, int64_t units,
                                     int64_t rows, int64_t columns, int64_t categories, int64_t height, int64_t width,
                                     int64_t levels, int64_t concepts, int64_t threads) {
    const Axis down{above, y, height}, along{left, x, width};
    const int64_t bins = levels + 1;
    for (int64_t image = 0; image < batch; ++image) {
        const int32_t* planes = masks + image * categories * height * width;
        const std::vector<Picture> groups = group(planes, categories, down, along);
#pragma omp parallel num_threads(threads)
        {
            Counter counter(levels);
            std::vector<int32_t> total(bins);
#pragma omp for schedule(dynamic, 8)
            for (int64_t unit = 0; unit < units; ++unit) {
                const int64_t row = half[image] * units + unit;
                counter.set_levels(edges + unit * levels);
                for (const Picture& picture : groups) {
                    counter.count(maps + (image * units + unit) * rows * columns, rows, columns, picture);
                    std::fill(total.begin(), total.end(), 0);
                    for (size_t kind = 0; kind < picture.labels.size(); ++kind) {
                        const int32_t* own = counter.bins_of(kind, picture.pixels[kind]);
                        for (int64_t bin = 0; bin < bins; ++bin) total[bin] += own[bin];
                        for (const int32_t label : picture.labels[kind])
                            if (label) add(shown + (row * concepts + label - 1) * bins, own, bins);
                    }
                }
                add(pixels + row * bins, total.data(), bins);
                for (int64_t category = 0; category < categories; ++category)
                    if (is_labelled[image * categories + category])
                        add(labelled + (row * categories + category) * bins, total.data(), bins);
            }
        }
    }
}

// maps: batch × units × places; half: batch; edges: units × edges; positions: halves × units × bins.
extern "C" void rivalry_count_positions(const float* maps, const int64_t* half, const float* edges, int64_t* positions,
                                        int64_t batch, int64_t units, int64_t places, int64_t levels,
                                        int64_t threads) {
#pragma omp parallel num_threads(threads)
    {
        Counter counter(levels);
#pragma omp for schedule(static)
        for (int64_t unit = 0; unit < units; ++unit) {
            counter.set_levels(edges + unit * levels);
            for (int64_t image = 0; image < batch; ++image) {
                counter.count_places(maps + (image * units + unit) * places, places);
                add(positions + (half[image] * units + unit) * (levels + 1), counter.bins_of(0, places), levels + 1);
            }
        }
    }
}
