// One call of a browser: microphone, room, the agent's voice, and what is being said while it is said.
// Placed before the console's call bar, and loaded by the buyer's page; both draw what `changed` tells them.
const micFaults = {
  NotAllowedError: "The microphone is blocked. Allow it in the address bar, then call again.",
  NotFoundError: "No microphone was found. Plug one in, then call again.",
  NotReadableError: "Another program holds the microphone. Close it, then call again.",
}
class PhoneLine {
  constructor(changed) {
    this.changed = changed
    this.state = "idle"                                    // idle, microphone, connecting, connected, lost, over
    this.fault = ""; this.muted = false; this.agent = ""; this.since = 0; this.said = []
    this.sounds = new Map()
  }
  set(values) { Object.assign(this, values); this.changed(this) }
  // First of all, so that nobody is on a call who cannot be heard.
  async microphone() {
    this.set({ state: "microphone", fault: "" })
    try {
      if (!navigator.mediaDevices) throw new DOMException("", "SecurityError")
      const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true }
      const stream = await navigator.mediaDevices.getUserMedia({ audio })
      this.track = stream.getAudioTracks()[0]
      return true
    } catch (fault) {
      const why = fault.name === "SecurityError" ? "A browser gives the microphone to https addresses and to this machine only."
        : micFaults[fault.name] ?? `The microphone cannot be used (${fault.name}).`
      this.set({ state: "lost", fault: why })
      return false
    }
  }
  async connect(url, token) {
    const { Room, RoomEvent, Track, DisconnectReason } = globalThis.LivekitClient
    this.set({ state: "connecting" })
    const room = this.room = new Room({ adaptiveStream: false, dynacast: false, stopLocalTrackOnUnpublish: true })
    room.on(RoomEvent.TrackSubscribed, (track, publication) => this.hear(track, publication))
    room.on(RoomEvent.TrackUnsubscribed, track => this.unhear(track))
    room.on(RoomEvent.Reconnecting, () => this.set({ state: "connecting" }))
    room.on(RoomEvent.Reconnected, () => this.set({ state: "connected" }))
    room.on(RoomEvent.ParticipantAttributesChanged, (changed, who) => {
      if (who !== room.localParticipant && "lk.agent.state" in changed) this.set({ agent: changed["lk.agent.state"] })
    })
    room.on(RoomEvent.Disconnected, reason => this.ended(reason, DisconnectReason))
    room.registerTextStreamHandler("lk.transcription", (reader, from) => this.read(reader, from.identity === room.localParticipant.identity))
    try {
      await room.connect(url, token)
      await room.localParticipant.publishTrack(this.track, { source: Track.Source.Microphone })
      this.set({ state: "connected", since: Date.now() })
    } catch (fault) {
      this.close()
      if (this.state !== "over") this.set({ state: "lost", fault: "The call could not be connected. Try again in a moment." })
    }
  }
  // A line grows while it is spoken; what was never said of it never appears. The end of a call cuts the stream of its last.
  async read(reader, mine) {
    const told = reader.info.attributes ?? {}, id = `${mine}:${told["lk.segment_id"] ?? reader.info.id}`
    let line = this.said.find(each => each.id === id)
    if (!line) { line = { id, mine, text: "" }; this.said = [...this.said, line].slice(-40) }
    let text = ""
    try {
      for await (const part of reader) { text += part; line.text = text; this.changed(this) }
    } catch (cut) {
      if (this.state === "connected") console.warn("a line of the transcript was cut", cut.message)
    }
  }
  hear(track, publication) {
    if (track.kind !== "audio") return
    const sound = track.attach()
    sound.dataset.call = publication.trackSid
    document.body.append(sound)
    this.sounds.set(track, sound)
    this.room.startAudio().catch(() => this.set({ fault: "The browser keeps the sound back: press any key on this page." }))
  }
  unhear(track) { track.detach(); this.sounds.get(track)?.remove(); this.sounds.delete(track) }
  mute() {
    if (!this.track) return
    this.track.enabled = this.muted
    this.set({ muted: !this.muted })
  }
  hangUp() { this.set({ state: "over", fault: "" }); this.close() }
  ended(reason, reasons) {
    if (this.state === "over") return
    const elsewhere = reason === reasons.DUPLICATE_IDENTITY
    const over = [reasons.ROOM_DELETED, reasons.PARTICIPANT_REMOVED, reasons.ROOM_CLOSED].includes(reason)
    this.close()
    this.set(over ? { state: "over", fault: "" } : elsewhere ? { state: "over", fault: "This call goes on in another window." }
      : { state: "lost", fault: "The line was lost. Call again: it goes on where it stopped." })
  }
  close() {
    for (const track of [...this.sounds.keys()]) this.unhear(track)
    this.track?.stop()
    this.room?.disconnect().catch(() => undefined)
    this.track = null
  }
}
const lineStates = { idle: "Not on a call", microphone: "Waiting for the microphone", connecting: "Connecting", connected: "On the call", lost: "Not connected", over: "The call is over" }
const agentStates = { initializing: "The agent is coming", listening: "It listens", thinking: "It thinks", speaking: "It speaks" }
