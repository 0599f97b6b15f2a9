import { useEffect, useMemo, useState } from 'preact/hooks';
import { forgetSecret, keepSecret, secret } from '../model/secrets.js';
import { useTexts } from '../text/index.js';
import { SignIn } from '../view/sign-in.js';
import { TopBar } from '../view/top-bar.js';
import './ops.css';
import { AdminApi, type StreamState } from './admin-api.js';
import { Charts } from './charts.js';
import { Feeds } from './feeds.js';
import type { Overview } from './overview.js';
import { Errors, Quarantine } from './faults.js';
import { Gateways, Workers } from './processes.js';
import { Sets } from './sets.js';
import { TicketStory } from './ticket-story.js';
import { Tiles } from './tiles.js';
import { Trend } from './trend.js';
import { Verdict } from './verdict.js';
import { useOpsTexts } from './words.js';

/** `/ops`: whether everything is well, and if not, why. */
export function Operations() {
  const { signIn } = useTexts();
  const [adminToken, setToken] = useState(secret('admin'));
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const leave = (why?: string) => {
    forgetSecret('admin');
    setProblem(why);
    setToken('');
  };
  if (adminToken === '') {
    return (
      <>
        <TopBar at="/ops" who={null} onSignOut={leave} />
        <SignIn name="admin" problem={problem} onSecret={(value) => (keepSecret('admin', value), setToken(value))} />
      </>
    );
  }
  const refused = (state: StreamState) => leave(state === 'refused' ? signIn.wrong : signIn.closed);
  return <Deployment key={adminToken} adminToken={adminToken} onRefused={refused} onSignOut={() => leave()} />;
}

interface DeploymentProps {
  readonly adminToken: string;
  readonly onRefused: (state: StreamState) => void;
  readonly onSignOut: () => void;
}

function Deployment({ adminToken, onRefused, onSignOut }: DeploymentProps) {
  const texts = useOpsTexts();
  const api = useMemo(() => new AdminApi(adminToken), [adminToken]);
  const trend = useMemo(() => new Trend(), []);
  const [state, setState] = useState<StreamState>('connecting');
  const [overview, setOverview] = useState<Overview | null>(null);
  useEffect(() => {
    const end = new AbortController();
    const tell = (next: StreamState, told?: Overview) => {
      if (next === 'refused' || next === 'closed-here') return onRefused(next);
      setState(next);
      if (!told) return;
      trend.add(told);
      setOverview(told);
    };
    void api.watch(tell, end.signal);
    return () => end.abort();
  }, [api]);
  return (
    <>
      <TopBar at="/ops" who="" onSignOut={onSignOut} />
      <main id="main" class="ops">
        <h1 class="heard">{texts.title}</h1>
        <Verdict overview={overview} state={state} />
        {overview && (
          <>
            <Tiles overview={overview} trend={trend} />
            <Charts trend={trend} />
            <div class="columns">
              <Feeds feeds={overview.feeds} api={api} />
              <Quarantine tickets={overview.quarantined} api={api} />
              <Workers workers={overview.workers} />
              <Gateways gateways={overview.gateways} />
              <TicketStory api={api} />
              <Errors errors={trend.errors} />
            </div>
            <Sets sets={overview.sets} now={Date.parse(overview.at)} />
          </>
        )}
      </main>
    </>
  );
}
