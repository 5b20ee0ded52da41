/* The hook command in C: hands one hook call to the service over its Unix socket and relays the answer.
 *
 *     checkrein-hook EVENT SOCKET TOKEN_FILE
 *
 * Exit 0 with the service's JSON on stdout, or exit 2 with the reason on stderr on any trouble at all: 2 is the only exit
 * status that every client version takes as a refusal. It does what client.py does, step by step, for machines with a
 * compiler: linked statically it starts in a fraction of the time and no LD_PRELOAD reaches it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { TIMEOUT_SECONDS = 15, TOKEN_SIZE = 64, HEX_SIZE = 64, HASH_SIZE = 32, BLOCK = 64 };
static const size_t MAX_INPUT = 16u * 1024 * 1024;
static const size_t MAX_ANSWER = 64u * 1024 * 1024;

/* ---- leaving ---- */

static void say(const char *text) {
    ssize_t ignored = write(2, text, strlen(text));
    (void)ignored;
}

__attribute__((noreturn)) static void refuse(const char *reason, int error) {
    say("Stopped by checkrein: ");
    say(reason);
    if (error != 0) {
        say(" (");
        say(strerror(error));
        say(")");
    }
    say(". Tell the person, who can run `checkrein doctor`.\n");
    _exit(2);
}

static void on_signal(int number) {
    refuse(number == SIGALRM ? "the guard did not answer in time" : "the hook was interrupted", 0);
}

/* ---- SHA-256 (FIPS 180-4) ---- */

struct sha256 {
    uint32_t state[8];
    uint64_t size;
    uint8_t block[BLOCK];
    size_t used;
};

static const uint32_t ROUND[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
    0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
    0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
    0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t turn(uint32_t word, int by) { return (word >> by) | (word << (32 - by)); }

static void sha256_start(struct sha256 *hash) {
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memcpy(hash->state, start, sizeof start);
    hash->size = 0;
    hash->used = 0;
}

static void sha256_block(struct sha256 *hash, const uint8_t *data) {
    uint32_t w[64], v[8];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)data[4 * i] << 24 | (uint32_t)data[4 * i + 1] << 16 | (uint32_t)data[4 * i + 2] << 8 | data[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        uint32_t a = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ (w[i - 15] >> 3);
        uint32_t b = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ (w[i - 2] >> 10);
        w[i] = w[i - 16] + a + w[i - 7] + b;
    }
    memcpy(v, hash->state, sizeof v);
    for (int i = 0; i < 64; i++) {
        uint32_t a = turn(v[4], 6) ^ turn(v[4], 11) ^ turn(v[4], 25);
        uint32_t first = v[7] + a + ((v[4] & v[5]) ^ (~v[4] & v[6])) + ROUND[i] + w[i];
        uint32_t b = turn(v[0], 2) ^ turn(v[0], 13) ^ turn(v[0], 22);
        uint32_t second = b + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof v[0]);
        v[4] += first;
        v[0] = first + second;
    }
    for (int i = 0; i < 8; i++)
        hash->state[i] += v[i];
}

static void sha256_add(struct sha256 *hash, const void *from, size_t size) {
    const uint8_t *data = from;
    hash->size += size;
    while (size > 0) {
        size_t part = BLOCK - hash->used;
        if (part > size)
            part = size;
        memcpy(hash->block + hash->used, data, part);
        hash->used += part;
        data += part;
        size -= part;
        if (hash->used == BLOCK) {
            sha256_block(hash, hash->block);
            hash->used = 0;
        }
    }
}

static void sha256_end(struct sha256 *hash, uint8_t out[HASH_SIZE]) {
    uint64_t bits = hash->size * 8;
    uint8_t length[8];
    for (int i = 0; i < 8; i++)
        length[i] = (uint8_t)(bits >> (56 - 8 * i));
    sha256_add(hash, "\x80", 1);
    while (hash->used != BLOCK - 8)
        sha256_add(hash, "\0", 1);
    sha256_add(hash, length, 8);
    for (int i = 0; i < HASH_SIZE; i++)
        out[i] = (uint8_t)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
}

static void to_hex(const uint8_t *data, size_t size, char *out) {
    for (size_t i = 0; i < size; i++) {
        out[2 * i] = "0123456789abcdef"[data[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[data[i] & 15];
    }
    out[2 * size] = '\0';
}

/* HMAC-SHA256 over head and body, in hexadecimal. The token is exactly one block, so it is the key as it stands. */
static void prove(const char *token, const char *head, const void *body, size_t size, char out[HEX_SIZE + 1]) {
    struct sha256 hash;
    uint8_t inner[HASH_SIZE], pad[BLOCK];
    for (int i = 0; i < BLOCK; i++)
        pad[i] = (uint8_t)token[i] ^ 0x36;
    sha256_start(&hash);
    sha256_add(&hash, pad, BLOCK);
    sha256_add(&hash, head, strlen(head));
    sha256_add(&hash, body, size);
    sha256_end(&hash, inner);
    for (int i = 0; i < BLOCK; i++)
        pad[i] = (uint8_t)token[i] ^ 0x5c;
    sha256_start(&hash);
    sha256_add(&hash, pad, BLOCK);
    sha256_add(&hash, inner, HASH_SIZE);
    sha256_end(&hash, inner);
    to_hex(inner, HASH_SIZE, out);
}

/* ---- bytes in, bytes out ---- */

/* Reads descriptor to its end; the result ends with a NUL that *size does not count. */
static char *read_all(int descriptor, size_t limit, size_t *size, const char *what) {
    size_t room = 1 << 16, used = 0;
    char *data = malloc(room + 1);
    for (;;) {
        if (data == NULL)
            refuse("there is no memory left", 0);
        ssize_t got = read(descriptor, data + used, room - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            refuse(what, errno);
        if (got == 0)
            break;
        used += (size_t)got;
        if (used > limit)
            refuse(what, EFBIG);
        if (used == room)
            data = realloc(data, (room *= 2) + 1);
    }
    data[used] = '\0';
    *size = used;
    return data;
}

static void write_all(int descriptor, const char *data, size_t size, const char *what) {
    while (size > 0) {
        ssize_t put = send(descriptor, data, size, MSG_NOSIGNAL);
        if (put < 0 && errno == ENOTSOCK)
            put = write(descriptor, data, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            refuse(what, errno);
        data += put;
        size -= (size_t)put;
    }
}

static void own(const struct stat *found, mode_t kind, const char *what) {
    if ((found->st_mode & S_IFMT) != kind || found->st_uid != geteuid() || (found->st_mode & 077) != 0)
        refuse(what, 0);
}

static void read_token(const char *path, char token[TOKEN_SIZE + 1]) {
    struct stat found;
    int descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (descriptor < 0 || fstat(descriptor, &found) != 0)
        refuse("the token file cannot be read", errno);
    own(&found, S_IFREG, "the token file is not ours, or open to other users");
    if (read(descriptor, token, TOKEN_SIZE) != TOKEN_SIZE || strspn(token, "0123456789abcdef") != TOKEN_SIZE)
        refuse("the token file is damaged", 0);
    close(descriptor);
}

static int reach(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct ucred peer;
    socklen_t size = sizeof peer;
    struct stat found;
    char folder[sizeof address.sun_path];
    if (path[0] != '/' || strlen(path) >= sizeof address.sun_path)
        refuse("the socket's path is not absolute or too long", 0);
    strcpy(address.sun_path, path);
    strcpy(folder, path);
    *strrchr(folder, '/') = '\0';
    if (lstat(folder, &found) != 0)
        refuse("the guard's service cannot be reached", errno);
    own(&found, S_IFDIR, "the socket's folder is not ours, or open to other users");
    if (lstat(path, &found) != 0)
        refuse("the guard's service cannot be reached", errno);
    own(&found, S_IFSOCK, "the socket is not ours, or open to other users");
    int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection < 0)
        refuse("no socket can be made", errno);
    while (connect(connection, (struct sockaddr *)&address, sizeof address) != 0)
        if (errno != EINTR)
            refuse("the guard's service cannot be reached", errno);
    if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.uid != geteuid())
        refuse("the program at the socket belongs to another user", 0);
    return connection;
}

/* CLAUDE_CODE_ENTRYPOINT where it is a plain word; "" otherwise: it becomes a header. */
static const char *entrypoint(void) {
    const char *word = getenv("CLAUDE_CODE_ENTRYPOINT");
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    return word != NULL && strlen(word) <= 32 && word[strspn(word, plain)] == '\0' ? word : "";
}

/* Whether one of the header lines is exactly this one. */
static int has_line(const char *head, const char *line) {
    size_t size = strlen(line);
    for (const char *at = strstr(head, "\r\n"); at != NULL; at = strstr(at, "\r\n")) {
        at += 2;
        if (strncmp(at, line, size) == 0 && (at[size] == '\r' || at[size] == '\0'))
            return 1;
    }
    return 0;
}

int main(int count, char **arguments) {
    static const int signals[] = {SIGALRM, SIGTERM, SIGHUP, SIGINT};
    struct sigaction action = {.sa_handler = on_signal};
    struct stat found;
    char token[TOKEN_SIZE + 1] = {0}, nonce[33], proof[HEX_SIZE + 1], line[HEX_SIZE + 32], label[512], head[1024];
    uint8_t fresh[16];
    size_t size, answered;

    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        sigaction(signals[i], &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    alarm(TIMEOUT_SECONDS);
    if (fstat(0, &found) != 0 || fstat(1, &found) != 0) /* a closed one would be taken by the next file that is opened */
        refuse("the hook's input or output is closed", errno);
    if (count != 4 || strlen(arguments[1]) > 64 || strspn(arguments[1], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != strlen(arguments[1]))
        refuse("the hook command is not the one that `checkrein up` wrote", 0);

    char *body = read_all(0, MAX_INPUT, &size, "the hook's input cannot be read");
    read_token(arguments[3], token);
    if (getrandom(fresh, sizeof fresh, 0) != (ssize_t)sizeof fresh)
        refuse("there is no randomness", errno);
    to_hex(fresh, sizeof fresh, nonce);
    snprintf(label, sizeof label, "request\n%s\n/hook/%s\n", nonce, arguments[1]);
    prove(token, label, body, size, proof);
    snprintf(head, sizeof head,
             "POST /hook/%s HTTP/1.1\r\nhost: checkrein\r\ncontent-type: application/json\r\ncontent-length: %zu\r\n"
             "x-checkrein-nonce: %s\r\nx-checkrein-proof: %s\r\nx-checkrein-entrypoint: %s\r\n\r\n",
             arguments[1], size, nonce, proof, entrypoint());

    int connection = reach(arguments[2]);
    write_all(connection, head, strlen(head), "the guard's service hung up");
    write_all(connection, body, size, "the guard's service hung up");
    char *reply = read_all(connection, MAX_ANSWER, &answered, "the guard's service hung up");
    char *end = strstr(reply, "\r\n\r\n");
    if (end == NULL)
        refuse("the service gave no usable answer", 0);
    *end = '\0';
    char *answer = end + 4;
    size_t length = answered - (size_t)(answer - reply);
    snprintf(label, sizeof label, "answer\n%s\n", nonce);
    prove(token, label, answer, length, proof);
    snprintf(line, sizeof line, "x-checkrein-proof: %s", proof);
    if (!has_line(reply, line))
        refuse("the answer does not come from this install's service", 0);
    if (strncmp(reply, "HTTP/1.1 200 ", 13) != 0 || length < 2 || answer[0] != '{' || answer[length - 1] != '}')
        refuse("the service gave no usable answer", 0);
    write_all(1, answer, length, "the answer cannot be written");
    _exit(0);
}
